"""One session in a drawer: how it stands, what can be done with it, and its whole story."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from billing.domain.money import format_money
from billing.errors import BillingError, InvalidInput
from billing.sessions.service import Lookup
from billing.sessions.timeline import SessionDetails
from pages.components.errors import show_failure
from pages.components.markdown import code, plain
from pages.components.session_columns import ANOTHER_APPS, OUTCOME_COLORS, in_words
from pages.components.sessions.actions import session_actions, show_result
from pages.components.sessions.timeline import timeline
from pages.services import page_services

if TYPE_CHECKING:
    from billing.domain.line_item import LineItem

LONGEST_ID = 300
LINE_ITEM_COLUMNS = {
    name: st.column_config.TextColumn(alignment="right") for name in ("Unit price", "Total")
}


def session_drawer() -> None:
    """Open the session that the address names, if it names one."""
    session_id = st.query_params.get("session", "").strip()[:LONGEST_ID]
    if session_id:
        drawer = st.dialog(
            title(session_id), width="medium", position="right", on_dismiss=close_drawer
        )
        drawer(session)(session_id)


def title(session_id: str) -> str:
    """What was sold and for how much, as far as our copy knows."""
    billing = page_services()
    try:
        known = billing.call(lambda: billing.services.mirror.session(session_id))
    except BillingError:
        known = None
    return plain(f"{known.what}, {known.amount}" if known else "Checkout Session")


def close_drawer() -> None:
    """The drawer was closed: the address names no session any more."""
    st.query_params.pop("session", None)
    for name in ("session_asked", "session_said", "session_expiring", "session_shown"):
        st.session_state.pop(name, None)


@st.fragment(run_every="2s")
def session(session_id: str) -> None:
    """All of it; it follows what happens to the session elsewhere."""
    try:
        asked = ask(session_id)
        details = read(session_id, asked)
    except InvalidInput as unknown:
        st.warning(
            f"{code(session_id)}: {plain(unknown.message)} {plain(unknown.next_step)}",
            title="Session not found",
            icon=":material/help:",
        )
        return
    except BillingError as failure:
        show_failure(failure, "The session could not be loaded")
        return
    heading(details)
    show_result(session_id)
    session_actions(details)
    if asked.failure:
        show_failure(asked.failure, "Can't reach Stripe. Showing saved data")
    timeline(details)
    line_items(details, asked)
    raw(details)


def ask(session_id: str) -> Lookup:
    """What Stripe says of it: asked when the drawer opens, and when our copy has moved on."""
    kept: tuple[str, Lookup] | None = st.session_state.get("session_asked")
    if kept and kept[0] == session_id:
        return kept[1]
    billing = page_services()
    with st.spinner("Loading from Stripe…"):
        asked = billing.call(lambda: billing.services.sessions.look_up(session_id))
    st.session_state["session_asked"] = (session_id, asked)
    return asked


def read(session_id: str, asked: Lookup) -> SessionDetails:
    billing = page_services()
    details = billing.call(lambda: billing.services.sessions.details(session_id, asked))
    if details.in_the_copy:
        st.session_state["session_shown"] = session_id
    elif st.session_state.get("session_shown") == session_id:
        close_drawer()
        st.rerun()  # a reset has erased it
    if asked.reading and details.session.outcome is not asked.reading.session.outcome:
        st.session_state.pop("session_asked", None)  # the next run asks again
    return details


def heading(details: SessionDetails) -> None:
    """How it stands, to whom it was sold, and its id."""
    session = details.session
    with st.container(gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            color = OUTCOME_COLORS[session.outcome]
            st.markdown(f":{color}-badge[{session.outcome.label}]", width="content")
            if not session.ours:
                st.markdown(f":violet-badge[{ANOTHER_APPS}]", width="content")
            if session.customer_email:
                st.markdown(code(session.customer_email), width="content")
        if session.failure:
            st.markdown(plain(session.failure))
        st.caption(
            f"Status {plain(in_words(session.status))}, "
            f"payment status {plain(in_words(session.payment_status))}"
        )
        st.code(session.id, language=None, wrap_lines=True)


def line_items(details: SessionDetails, asked: Lookup) -> None:
    """What is bought, as Stripe lists it."""
    st.subheader("Line items", anchor=False)
    if details.line_items:
        st.dataframe(
            pd.DataFrame([cells(item) for item in details.line_items]),
            column_config=LINE_ITEM_COLUMNS,
            hide_index=True,
            alt="Line items of this session",
        )
    elif asked.failure:
        st.caption("The line items could not be loaded from Stripe.")
        st.button("Load again", key="ask_again", icon=":material/refresh:",
                  on_click=ask_again)  # fmt: skip
    else:
        st.caption("None.")


def cells(item: LineItem) -> dict[str, object]:
    each = item.unit_amount
    return {
        "Description": item.description,
        "Quantity": item.quantity,
        "Unit price": "" if each is None else format_money(each, item.currency),
        "Total": format_money(item.amount_total, item.currency),
    }


def ask_again() -> None:
    st.session_state.pop("session_asked", None)


def raw(details: SessionDetails) -> None:
    """Stripe's own object, and where Stripe shows it."""
    if details.dashboard_url:
        st.link_button(
            "Open in Stripe Dashboard", details.dashboard_url, icon=":material/open_in_new:"
        )
    panel = st.expander(
        "Raw JSON", key="raw_session", icon=":material/data_object:",
        on_change="rerun",
    )  # fmt: skip
    if panel.open:
        with panel:
            st.json(details.data, expanded=1)
