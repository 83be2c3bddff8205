"""The open sessions, each to pay, decline or expire from its row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from billing.errors import BillingError, StripeFailure
from billing.sessions.timeline import MADE_BY
from pages.components.errors import show_failure
from pages.components.markdown import code, plain
from pages.components.times import ago, exact_time
from pages.scenarios.catalog import INSUFFICIENT_FUNDS, VISA
from pages.services import page_services

if TYPE_CHECKING:
    from billing.domain.checkout_session import CheckoutSession
    from pages.scenarios.sandbox_client import Controls

LOOKED_AT = 300
SHOWN = 12
PAYER = "tester@example.com"


@dataclass(frozen=True)
class ActionResult:
    """What came of a press, in words; ``closed`` when the session is no longer open."""

    message: str
    closed: bool = False


CLOSED = ActionResult("No longer open: someone else completed or expired it", closed=True)


@st.fragment(run_every="3s")
def open_sessions(controls: Controls) -> None:
    """The newest open sessions in our copy. What was done with one is told in its row, which
    stays where it is also when that closed it."""
    billing = page_services()
    try:
        recent = billing.call(lambda: billing.services.mirror.recent(LOOKED_AT))
    except BillingError as failure:
        show_failure(failure, "The open sessions could not be loaded")
        return
    done = result_caption()
    shown = [one for one in recent.sessions if one.status == "open" or one.id in done]
    if not shown:
        st.info(
            "Create one on the Billing page, or create demo data.",
            title="No open sessions",
            icon=":material/inbox:",
        )
    for session in shown[:SHOWN]:
        row(session, controls, done.get(session.id))
    if len(shown) > SHOWN:
        st.caption(f"Showing the newest {SHOWN} of {len(shown)} open sessions.")


def result_caption() -> dict[str, ActionResult]:
    """The last press on each session in this browser tab, by the session's id."""
    done: dict[str, ActionResult] = st.session_state.setdefault("kit_done", {})
    return done


def clear_result() -> None:
    """Nobody looks at the rows any more."""
    st.session_state.pop("kit_done", None)


def row(session: CheckoutSession, controls: Controls, done: ActionResult | None) -> None:
    """One session: what, how much, since when, and what can be done with it."""
    with (
        st.container(border=True),
        st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ),
    ):
        made_by = MADE_BY.get(session.made_by, f"by {session.made_by}")
        message = (
            f"**{plain(done.message)}**"
            if done
            else f"Created {ago(session.created)} {plain(made_by)}"
        )
        st.markdown(
            f"**{plain(session.what)}**, {plain(session.amount)}  \n"
            f":small[{message} · {code(session.id[:12] + '…' + session.id[-4:])}]",
            width=400,
            help=f"{plain(exact_time(session.created))}  \n{code(session.id)}",
        )
        with st.container(horizontal=True, width="content"):
            for act, icon, does in ACTIONS:
                st.button(
                    act,
                    key=f"{act.lower()}_{session.id}",
                    icon=icon,
                    disabled=done is not None and done.closed,
                    help=f"{does}: {plain(session.what)}, {code(session.id)}",
                    on_click=do,
                    args=(act, session, controls),
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


def do(act: str, session: CheckoutSession, controls: Controls) -> None:
    """Do it before the rows are drawn again, which then tell what came of it."""
    try:
        done = expire(session) if act == "Expire" else pay(act, session, controls)
    except BillingError as failure:
        done = ActionResult(str(failure))
    result_caption()[session.id] = done


def pay(act: str, session: CheckoutSession, controls: Controls) -> ActionResult:
    """What came of the try."""
    card = VISA if act == "Pay" else INSUFFICIENT_FUNDS
    outcome = controls.pay(session.id, email=PAYER, card=card)
    if outcome.outcome == "closed":
        return CLOSED
    if outcome.outcome == "declined":
        return ActionResult(f"Declined: {outcome.reason}")
    return ActionResult(outcome.outcome.capitalize(), closed=True)


def expire(session: CheckoutSession) -> ActionResult:
    """Likewise."""
    billing = page_services()
    try:
        billing.call(lambda: billing.services.gateway.expire_checkout_session(session.id))
    except StripeFailure as failure:
        if failure.status == 400:  # only open ones can be expired
            return CLOSED
        raise
    return ActionResult("Expired", closed=True)
