"""The open sessions, each to pay, decline or expire from its row."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import streamlit as st

from billing.durations import written
from billing.errors import BillingError, StripeFailure
from billing.page_services import page_services
from pages.failures import show_failure
from pages.kit.scenarios import INSUFFICIENT_FUNDS, VISA
from pages.markdown import code, plain
from pages.times import local

if TYPE_CHECKING:
    from billing.checkout_session import CheckoutSession
    from pages.kit.controls import Controls

LOOKED_AT = 300
SHOWN = 12
A_MOMENT = 10
PAYER = "tester@example.com"
CLOSED = "It is no longer open: somebody was faster."


@st.fragment(run_every="3s")
def open_sessions(controls: Controls) -> None:
    """The newest open sessions in our copy; what was closed from here is gone at once."""
    if told := st.session_state.pop("kit_acted", None):
        st.toast(plain(told), icon=":material/info:")
    if failure := st.session_state.pop("kit_act_failure", None):
        show_failure(failure, "That did not work")
    billing = page_services()
    try:
        recent = billing.call(lambda: billing.services.mirror.recent(LOOKED_AT))
    except BillingError as failure:
        show_failure(failure, "The open sessions could not be read just now")
        return
    closed: set[str] = st.session_state.setdefault("kit_closed", set())
    still_open = [one for one in recent.sessions if one.status == "open" and one.id not in closed]
    if not still_open:
        st.info(
            "Make one on the Billing page, or fill the sandbox with a month of history.",
            title="No session is open",
            icon=":material/inbox:",
        )
    for session in still_open[:SHOWN]:
        row(session, controls)
    if len(still_open) > SHOWN:
        st.caption(f"The newest {SHOWN} of {len(still_open)} that are open.")


def row(session: CheckoutSession, controls: Controls) -> None:
    """One session: what, how much, since when, and what can be done with it."""
    with (
        st.container(border=True),
        st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ),
    ):
        age = time.time() - session.created
        since = f"{written(age)} ago" if age > A_MOMENT else "just now"
        by = f", by {plain(session.made_by)}" if session.made_by else ""
        st.markdown(
            f"**{plain(session.what)}**, {plain(session.amount)}  \n"
            f":small[{since}{by} · {code(session.id[:12] + '…' + session.id[-4:])}]",
            width=400,
            help=f"Made {plain(f'{local(session.created):%d %b %Y, %H:%M:%S}')}  \n"
            f"{code(session.id)}",
        )
        with st.container(horizontal=True, width="content"):
            for act, icon, does in ACTIONS:
                st.button(
                    act,
                    key=f"{act.lower()}_{session.id}",
                    icon=icon,
                    help=f"{does}: {plain(session.what)}, {code(session.id)}",
                    on_click=do,
                    args=(act, session, controls),
                )


ACTIONS = (
    ("Pay", ":material/credit_card:", "Pay with the card 4242"),
    ("Decline", ":material/credit_card_off:", "Try a card without money; it stays open"),
    ("Expire", ":material/timer_off:", "Expire"),
)


def do(act: str, session: CheckoutSession, controls: Controls) -> None:
    """Do it before the rows are drawn again, which then tell what came of it."""
    try:
        told, is_closed = expire(session) if act == "Expire" else pay(act, session, controls)
    except BillingError as failure:
        st.session_state["kit_act_failure"] = failure
        return
    st.session_state["kit_acted"] = f"{session.what}: {told}"
    if is_closed:
        st.session_state["kit_closed"].add(session.id)


def pay(act: str, session: CheckoutSession, controls: Controls) -> tuple[str, bool]:
    """What came of the try, and whether the session is closed now."""
    card = VISA if act == "Pay" else INSUFFICIENT_FUNDS
    outcome = controls.pay(session.id, email=PAYER, card=card)
    if outcome.outcome == "closed":
        return CLOSED, True
    if outcome.outcome == "declined":
        return f"declined, {outcome.reason}. The session stays open.", False
    return f"{outcome.outcome}.", True


def expire(session: CheckoutSession) -> tuple[str, bool]:
    """Likewise."""
    billing = page_services()
    try:
        billing.call(lambda: billing.services.gateway.expire_checkout_session(session.id))
    except StripeFailure as failure:
        if failure.status == 400:  # only open ones can be expired
            return CLOSED, True
        raise
    return "expired.", True
