"""The open sessions, each to pay, decline or expire from its row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from billing.changes.topics import Topic
from billing.domain.access import Permission
from billing.domain.sessions.checkout_session import Outcome
from billing.domain.sessions.filters import SessionFilter
from billing.errors import BillingError, InvalidInput
from pages.components.danger import danger_button
from pages.components.errors import show_failure
from pages.components.live import live
from pages.components.permission import guarded
from pages.components.text.ids import short_id
from pages.components.text.markdown import code, plain
from pages.components.text.times import exact_time, short_time
from pages.scenarios.catalog.checkout import INSUFFICIENT_FUNDS
from pages.scenarios.catalog.scenario import VISA
from pages.scenarios.sandbox_client import PaymentOutcome
from pages.services import page_services

if TYPE_CHECKING:
    from billing.domain.sessions.checkout_session import CheckoutSession
    from pages.scenarios.sandbox_client import Controls

SESSIONS_READ = 300
ROWS_SHOWN = 12
PAYER = "tester@example.com"
PAY, DECLINE, EXPIRE = "Pay", "Pay with a declined card", "Expire…"


@dataclass(frozen=True)
class ActionResult:
    """The result of a press as text; ``closed`` when the session is no longer open."""

    message: str
    closed: bool = False


CLOSED = ActionResult("No longer open: someone else completed or expired it", closed=True)


@live(Topic.SESSIONS)
def open_sessions(controls: Controls) -> None:
    """The newest open sessions in our copy. The row of one that was closed here stays, with the
    result."""
    results = row_results()
    try:
        rows = find_rows(results)
    except BillingError as failure:
        show_failure(failure, "The open sessions could not be loaded")
        return
    if not rows:
        no_open_sessions()
    with st.container(gap="small"):
        for session in rows[:ROWS_SHOWN]:
            row(session, controls, results.get(session.id))
    if len(rows) > ROWS_SHOWN:
        st.page_link(
            "sessions.py",
            label="All open sessions →",
            query_params=[("outcome", one) for one in (Outcome.OPEN, Outcome.DECLINED)],
        )


def find_rows(results: dict[str, ActionResult]) -> list[CheckoutSession]:
    """The newest open sessions, one more than is shown, and those of the newest that were closed
    here. Raises ``BillingError``."""
    billing = page_services()
    is_open = SessionFilter(outcomes=frozenset((Outcome.OPEN, Outcome.DECLINED)))
    found = billing.call(lambda: billing.services.sessions.find(is_open, ROWS_SHOWN + 1))
    recent = (
        billing.call(lambda: billing.services.mirror.recent(SESSIONS_READ)) if results else None
    )
    closed = [one for one in recent.sessions if one.id in results] if recent else []
    rows = {one.id: one for one in (*closed, *found.page.sessions)}
    return sorted(rows.values(), key=lambda one: one.created, reverse=True)


def row_results() -> dict[str, ActionResult]:
    """The result of the last press on each session in this browser tab, by the session's id."""
    results: dict[str, ActionResult] = st.session_state.setdefault("row_results", {})
    return results


def clear_results() -> None:
    """The rows are not in view any more: their results go."""
    st.session_state.pop("row_results", None)


def no_open_sessions() -> None:
    """Where open sessions come from."""
    st.info("A session is open until it is paid or expires.", title="No open sessions")
    with st.container(horizontal=True):
        st.page_link("billing.py", label="Create one", icon=":material/payments:")
        st.page_link(
            "test_kit.py",
            label="Create demo data",
            icon=":material/auto_awesome:",
            query_params={"show": "Demo data"},
        )


def row(session: CheckoutSession, controls: Controls, result: ActionResult | None) -> None:
    """One session: what, how much, since when, and what can be done with it."""
    created = f"{short_time(session.created)} {session.created_by}"
    message = f"**{plain(result.message)}**" if result else plain(created)
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        st.markdown(
            f"**{plain(session.what)}**, {plain(session.amount)}  \n"
            f":small[{message} · {code(short_id(session.id))}]",
            width="stretch",
            help=f"{plain(exact_time(session.created))}  \n{code(session.id)}",
        )
        if result and result.closed:
            return
        if st.session_state.get("expiring") == session.id:
            danger_button(
                "Expire session",
                key=f"expire_{session.id}",
                on_click=on_action,
                args=(EXPIRE, session, controls),
            )
            st.button("Keep open", key=f"keep_{session.id}", on_click=keep_open)
            return
        st.button(
            PAY,
            key=f"pay_{session.id}",
            on_click=on_action,
            args=(PAY, session, controls),
            **guarded(Permission.PAY),
        )
        st.menu_button(
            "More",
            (DECLINE, EXPIRE),
            key=f"more_{session.id}",
            on_click=on_more,
            args=(session, controls),
            **guarded(Permission.EXPIRE),
        )


def on_more(session: CheckoutSession, controls: Controls) -> None:
    """Decline at once; expire once it is confirmed."""
    if st.session_state[f"more_{session.id}"] == EXPIRE:
        st.session_state["expiring"] = session.id
    else:
        on_action(DECLINE, session, controls)


def keep_open() -> None:
    st.session_state.pop("expiring", None)


def on_action(action: str, session: CheckoutSession, controls: Controls) -> None:
    """Do it; the session's row shows the result."""
    keep_open()
    try:
        result = expire(session) if action == EXPIRE else pay(action, session, controls)
    except BillingError as failure:
        result = ActionResult(str(failure))
    row_results()[session.id] = result


def pay(action: str, session: CheckoutSession, controls: Controls) -> ActionResult:
    """Pay with a good card, or with one that is declined. Raises ``BillingError``."""
    page_services()  # in a callback, it is not known before who has the page open
    card = VISA if action == PAY else INSUFFICIENT_FUNDS
    payment = controls.pay(session.id, email=PAYER, card=card)
    if payment.outcome is PaymentOutcome.CLOSED:
        return CLOSED
    if payment.outcome is PaymentOutcome.DECLINED:
        return ActionResult(f"Declined: {payment.reason}")
    return ActionResult(payment.outcome.label.capitalize(), closed=True)


def expire(session: CheckoutSession) -> ActionResult:
    """Expire it at Stripe. Raises ``BillingError``."""
    billing = page_services()
    try:
        billing.call(lambda: billing.services.sessions.expire(session.id))
    except InvalidInput:
        return CLOSED
    return ActionResult("Expired", closed=True)
