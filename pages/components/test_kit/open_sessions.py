"""The open sessions, each to pay, decline or expire from its row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from billing.errors import BillingError, StripeFailure
from pages.components.errors import show_failure
from pages.components.markdown import code, plain
from pages.components.times import ago, exact_time
from pages.scenarios.catalog import INSUFFICIENT_FUNDS, VISA
from pages.scenarios.sandbox_client import PaymentOutcome
from pages.services import page_services

if TYPE_CHECKING:
    from billing.domain.checkout_session import CheckoutSession
    from pages.scenarios.sandbox_client import Controls

SESSIONS_READ = 300
ROWS_SHOWN = 12
PAYER = "tester@example.com"


@dataclass(frozen=True)
class ActionResult:
    """The result of a press as text; ``closed`` when the session is no longer open."""

    message: str
    closed: bool = False


CLOSED = ActionResult("No longer open: someone else completed or expired it", closed=True)


@st.fragment(run_every="3s")
def open_sessions(controls: Controls) -> None:
    """The newest open sessions in our copy. The row of one that was closed here stays, with the
    result."""
    billing = page_services()
    try:
        recent = billing.call(lambda: billing.services.mirror.recent(SESSIONS_READ))
    except BillingError as failure:
        show_failure(failure, "The open sessions could not be loaded")
        return
    results = row_results()
    rows = [one for one in recent.sessions if one.status == "open" or one.id in results]
    if not rows:
        st.info(
            "Create one on the Billing page, or create demo data.",
            title="No open sessions",
            icon=":material/inbox:",
        )
    for session in rows[:ROWS_SHOWN]:
        row(session, controls, results.get(session.id))
    if len(rows) > ROWS_SHOWN:
        st.caption(f"Showing the newest {ROWS_SHOWN} of {len(rows)} open sessions.")


def row_results() -> dict[str, ActionResult]:
    """The result of the last press on each session in this browser tab, by the session's id."""
    results: dict[str, ActionResult] = st.session_state.setdefault("row_results", {})
    return results


def clear_results() -> None:
    """The rows are not in view any more: their results go."""
    st.session_state.pop("row_results", None)


def row(session: CheckoutSession, controls: Controls, result: ActionResult | None) -> None:
    """One session: what, how much, since when, and what can be done with it."""
    with (
        st.container(border=True),
        st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ),
    ):
        made_by = session.created_by
        message = (
            f"**{plain(result.message)}**"
            if result
            else f"Created {ago(session.created)} {plain(made_by)}"
        )
        st.markdown(
            f"**{plain(session.what)}**, {plain(session.amount)}  \n"
            f":small[{message} · {code(session.id[:12] + '…' + session.id[-4:])}]",
            width=400,
            help=f"{plain(exact_time(session.created))}  \n{code(session.id)}",
        )
        with st.container(horizontal=True, width="content"):
            for action, icon, effect in ACTIONS:
                st.button(
                    action,
                    key=f"{action.lower()}_{session.id}",
                    icon=icon,
                    disabled=result is not None and result.closed,
                    help=f"{effect}: {plain(session.what)}, {code(session.id)}",
                    on_click=on_action,
                    args=(action, session, controls),
                )


ACTIONS = (
    ("Pay", ":material/credit_card:", "Pay with the card 4242"),
    (
        "Decline",
        ":material/credit_card_off:",
        "Pay with a card that is declined; the session stays open",
    ),
    ("Expire", ":material/timer_off:", "Expire"),
)


def on_action(action: str, session: CheckoutSession, controls: Controls) -> None:
    """Do it; the session's row shows the result."""
    try:
        result = expire(session) if action == "Expire" else pay(action, session, controls)
    except BillingError as failure:
        result = ActionResult(str(failure))
    row_results()[session.id] = result


def pay(action: str, session: CheckoutSession, controls: Controls) -> ActionResult:
    """Pay with a good card, or with one that is declined. Raises ``ControlFailure``."""
    card = VISA if action == "Pay" else INSUFFICIENT_FUNDS
    payment = controls.pay(session.id, email=PAYER, card=card)
    if payment.outcome is PaymentOutcome.CLOSED:
        return CLOSED
    if payment.outcome is PaymentOutcome.DECLINED:
        return ActionResult(f"Declined: {payment.reason}")
    return ActionResult(payment.outcome.label.capitalize(), closed=True)


def expire(session: CheckoutSession) -> ActionResult:
    """Expire it at Stripe. Raises ``StripeFailure``."""
    billing = page_services()
    try:
        billing.call(lambda: billing.services.gateway.expire_checkout_session(session.id))
    except StripeFailure as failure:
        if failure.status == 400:  # only open ones can be expired
            return CLOSED
        raise
    return ActionResult("Expired", closed=True)
