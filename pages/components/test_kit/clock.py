"""The sandbox's clock, which can be moved forward."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from billing.domain.durations import format_duration
from billing.errors import BillingError
from pages.components.errors import show_failure
from pages.components.markdown import plain
from pages.components.times import local
from pages.scenarios.catalog import DAYS_TO_RENEWAL
from pages.scenarios.steps import DAY

if TYPE_CHECKING:
    from pages.scenarios.sandbox_client import AdvanceResult, Controls, SandboxState

MOVES = {
    "Advance 1 hour": 3_600,
    "Advance 1 day": DAY,
    f"Advance to the renewal ({DAYS_TO_RENEWAL} days)": DAYS_TO_RENEWAL * DAY,
}


def clock(controls: Controls, state: SandboxState) -> None:
    """What time it is there, and buttons that move it on."""
    with st.container(border=True):
        st.header("Clock", anchor=False)
        ahead = state.ahead_seconds
        st.markdown(
            f"Sandbox time: **{plain(f'{local(state.now):%a %d %b %Y, %H:%M}')}**, "
            + (f"{format_duration(ahead)} ahead." if ahead > 1 else "the current time.")
        )
        place = st.container()
        with st.container(horizontal=True):
            for label, seconds in MOVES.items():
                if st.button(label, key=f"move_{seconds}", icon=":material/fast_forward:"):
                    with place:
                        move(controls, seconds)
        st.caption(
            "Whatever is due in between happens: sessions expire, delayed payments succeed or "
            "fail, subscriptions renew. Only a reset sets the clock back."
        )
        if told := st.session_state.get("kit_moved"):
            place.success(plain(told), icon=":material/history:")


def move(controls: Controls, seconds: int) -> None:
    """Move the clock, and keep in words what happened on the way."""
    try:
        with st.spinner("Advancing the clock and waiting for the webhooks…", show_time=True):
            passed = controls.advance(seconds)
    except BillingError as failure:
        show_failure(failure, "The clock could not be advanced")
        return
    st.session_state["kit_moved"] = (
        f"The clock was advanced by {format_duration(seconds)}. {summary(passed)}"
    )
    st.rerun()


def summary(passed: AdvanceResult) -> str:
    """What fell due, in words: ``Renewals: 12 paid, 3 failed. Checkout Sessions: 4 expired.``"""
    waiting = passed.renewals - passed.renewals_paid - passed.renewals_failed
    outcomes = {
        "Renewals": {"paid": passed.renewals_paid, "failed": passed.renewals_failed},
        "Renewals by bank debit": {"waiting for the bank": max(waiting, 0)},
        "Checkout Sessions": {"expired": passed.sessions_expired},
        "Bank debits": {"succeeded": passed.debits_succeeded, "failed": passed.debits_failed},
        "Disputes": {"opened": passed.disputes_opened},
    }
    sentences = [
        f"{what}: {', '.join(f'{number:,} {how}' for how, number in numbers.items())}."
        for what, numbers in outcomes.items()
        if any(numbers.values())
    ]
    return " ".join(sentences) or "Nothing was due."
