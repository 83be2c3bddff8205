"""One session in a drawer: its outcome, what can be done with it, and its timeline."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from billing.changes.topics import Topic
from billing.domain.money import format_money
from billing.domain.sessions.details import SessionDetails, SessionLookup
from billing.domain.stripe_json import id_at
from billing.errors import BillingError, InvalidInput
from billing.safe_text import sanitize
from billing.sessions.timeline import with_more_requests
from pages.components.actions.target import close_actions
from pages.components.errors import show_failure
from pages.components.live import live
from pages.components.requests.others import requests_of_others
from pages.components.rerun import rerun_page_if_requested
from pages.components.sessions.actions import session_actions, show_result
from pages.components.sessions.ticket import copy_for_ticket
from pages.components.sessions.timeline import timeline
from pages.components.tables import Table
from pages.components.text.chips import chip, outcome_chip
from pages.components.text.markdown import code, plain
from pages.services import page_services

if TYPE_CHECKING:
    from billing.domain.sessions.checkout_session import CheckoutSession
    from billing.domain.sessions.line_item import LineItem

LONGEST_ID = 300


def _line_item_cells(item: LineItem) -> dict[str, object]:
    unit_amount = item.unit_amount
    return {
        "description": item.description,
        "quantity": item.quantity,
        "unit_price": "" if unit_amount is None else format_money(unit_amount, item.currency),
        "total": format_money(item.amount_total, item.currency),
    }


LINE_ITEMS = Table(
    {
        "description": st.column_config.TextColumn("Description"),
        "quantity": st.column_config.NumberColumn("Quantity"),
        "unit_price": st.column_config.TextColumn("Unit price", alignment="right"),
        "total": st.column_config.TextColumn("Total", alignment="right"),
    },
    _line_item_cells,
)


def session_drawer() -> None:
    """Open the session that the address names, if it names one."""
    session_id = st.query_params.get("session", "").strip()[:LONGEST_ID]
    if session_id:
        drawer = st.dialog(
            title(session_id), width="medium", position="right", on_dismiss=close_drawer
        )
        drawer(session)(session_id)


def title(session_id: str) -> str:
    """What it sells and for how much, as far as our copy knows; as Markdown."""
    billing = page_services()
    try:
        stored = billing.call(lambda: billing.services.mirror.session(session_id))
    except BillingError:
        stored = None
    return plain(f"{stored.what}, {stored.amount}" if stored else "Checkout Session")


def close_drawer() -> None:
    """The drawer was closed: the address names no session any more."""
    st.query_params.pop("session", None)
    for name in ("session_lookup", "session_result", "session_expiring", "session_shown"):
        st.session_state.pop(name, None)
    close_actions()


@live(Topic.SESSIONS, Topic.EVENTS, Topic.LEDGER)
def session(session_id: str) -> None:
    """All of it; it follows what happens to the session elsewhere."""
    rerun_page_if_requested()
    try:
        stripe_lookup = look_up(session_id)
        details = read(session_id, stripe_lookup)
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
    if stripe_lookup.failure:
        show_failure(stripe_lookup.failure, "Can't reach Stripe. Showing saved data")
    timeline(details)
    copy_for_ticket(details)
    line_items(details, stripe_lookup)
    raw_json(details)


def look_up(session_id: str) -> SessionLookup:
    """What Stripe says of it: asked when the drawer opens, and when our copy has moved on."""
    cached: tuple[str, SessionLookup] | None = st.session_state.get("session_lookup")
    if cached and cached[0] == session_id:
        return cached[1]
    billing = page_services()
    with st.spinner("Loading from Stripe…"):
        found = billing.call(lambda: billing.services.sessions.look_up(session_id))
    st.session_state["session_lookup"] = (session_id, found)
    return found


def read(session_id: str, stripe_lookup: SessionLookup) -> SessionDetails:
    """The session from our copy and from Stripe. Raises ``BillingError``."""
    billing = page_services()
    details = billing.call(lambda: billing.services.sessions.details(session_id, stripe_lookup))
    if details.is_stored:
        st.session_state["session_shown"] = session_id
    elif st.session_state.get("session_shown") == session_id:
        close_drawer()
        st.rerun()  # a reset has erased it
    reading = stripe_lookup.reading
    if reading and _status(details.session) != _status(reading.session):
        st.session_state.pop("session_lookup", None)  # the next run asks again
    own = [entry.request for entry in details.entries if entry.request]
    others = requests_of_others(details.object_ids, own)
    return replace(details, entries=with_more_requests(details.entries, others))


def _status(session: CheckoutSession) -> tuple[str, str]:
    return session.status, session.payment_status


def heading(details: SessionDetails) -> None:
    """Its outcome, who bought it, and its id."""
    session = details.session
    with st.container(gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.markdown(outcome_chip(session.outcome), width="content")
            st.markdown(chip(session.source.label), width="content")
            if session.label:
                st.markdown(chip(session.label), width="content")
            if session.customer_email:
                st.markdown(code(session.customer_email), width="content")
            customer_link(details)
        if session.failure or session.went_back:
            st.markdown(plain(session.failure or session.went_back))
        st.caption(
            f"Status {plain(stripe_word(session.status))}, "
            f"payment status {plain(stripe_word(session.payment_status))}"
        )
        st.code(session.id, language=None, wrap_lines=True)


def customer_link(details: SessionDetails) -> None:
    """The way to whoever bought it, once Checkout was completed or where the Customer is known."""
    session = details.session
    is_complete = session.status in ("complete", "")
    key = id_at(details.data, "customer") or (is_complete and session.customer_email)
    if key:
        st.page_link(
            "customers.py",
            label="Open customer",
            icon=":material/group:",
            query_params={"customer": sanitize(key)},
        )


def stripe_word(value: str) -> str:
    """Stripe's word as people read it: ``No payment required``."""
    return value.replace("_", " ").capitalize()


def line_items(details: SessionDetails, stripe_lookup: SessionLookup) -> None:
    """What is bought, as Stripe lists it."""
    st.subheader("Line items", anchor=False)
    if details.line_items:
        st.dataframe(
            LINE_ITEMS.draw(details.line_items).data,
            column_config=LINE_ITEMS.columns,
            hide_index=True,
            alt="Line items of this session",
        )
    elif stripe_lookup.failure:
        st.caption("The line items could not be loaded from Stripe.")
        st.button("Load again", key="load_again", icon=":material/refresh:", on_click=on_load_again)
    else:
        st.caption("None.")


def on_load_again() -> None:
    st.session_state.pop("session_lookup", None)


def raw_json(details: SessionDetails) -> None:
    """Stripe's own object, and where Stripe shows it."""
    if details.dashboard_url:
        st.link_button(
            "Open in Stripe Dashboard", details.dashboard_url, icon=":material/open_in_new:"
        )
    panel = st.expander(
        "Raw JSON", key="raw_session", icon=":material/data_object:", on_change="rerun"
    )
    if panel.open:
        with panel:
            st.json(details.data, expanded=1)
