"""The sandbox's clock, which can be moved forward."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from billing.domain.access import Permission
from billing.domain.durations import format_duration
from billing.errors import BillingError
from pages.components.errors import show_failure
from pages.components.permission import guarded
from pages.components.text.markdown import plain
from pages.components.text.times import local
from pages.scenarios.steps.step import DAY

if TYPE_CHECKING:
    from pages.scenarios.sandbox_client import AdvanceResult, Controls, SandboxState

DAYS_TO_RENEWAL = 32
ADVANCES = {
    "+1 hour": 3_600,
    "+1 day": DAY,
    f"+{DAYS_TO_RENEWAL} days (renewal)": DAYS_TO_RENEWAL * DAY,
}


def clock(controls: Controls, state: SandboxState) -> None:
    """The sandbox's time, and the buttons that advance it."""
    with st.container(border=True):
        st.header("Clock", anchor=False)
        ahead = state.ahead_seconds
        st.markdown(
            f"Sandbox time: **{plain(f'{local(state.now):%a %d %b %Y, %H:%M}')}**, "
            + (f"{format_duration(ahead)} ahead" if ahead > 1 else "the current time")
            + ". Advance it by:"
        )
        slot = st.container()
        with st.container(horizontal=True, gap="xsmall"):
            for label, seconds in ADVANCES.items():
                if st.button(label, key=f"advance_{seconds}", **guarded(Permission.MOVE_CLOCK)):
                    with slot:
                        advance(controls, seconds)
        st.caption(
            "What is due in between happens: sessions expire, delayed payments succeed or fail, "
            "subscriptions renew. Only a reset sets the clock back."
        )
        if result := st.session_state.get("clock_result"):
            slot.success(plain(result), icon=":material/history:")


def advance(controls: Controls, seconds: int) -> None:
    """Advance the clock; the next run shows what fell due."""
    try:
        with st.spinner("Advancing the clock and waiting for the webhooks…", show_time=True):
            result = controls.advance(seconds)
    except BillingError as failure:
        show_failure(failure, "The clock could not be advanced")
        return
    st.session_state["clock_result"] = (
        f"The clock was advanced by {format_duration(seconds)}. {summary(result)}"
    )
    st.rerun()


def summary(result: AdvanceResult) -> str:
    """What fell due, as text: ``Renewals: 12 paid, 3 failed. Checkout Sessions: 4 expired.``"""
    waiting = result.renewals - result.renewals_paid - result.renewals_failed
    outcomes = {
        "Renewals": {"paid": result.renewals_paid, "failed": result.renewals_failed},
        "Renewals by bank debit": {"waiting for the bank": max(waiting, 0)},
        "Checkout Sessions": {"expired": result.sessions_expired},
        "Bank debits": {"succeeded": result.debits_succeeded, "failed": result.debits_failed},
        "Disputes": {"opened": result.disputes_opened},
    }
    sentences = [
        f"{what}: {', '.join(f'{number:,} {how}' for how, number in numbers.items())}."
        for what, numbers in outcomes.items()
        if any(numbers.values())
    ]
    return " ".join(sentences) or "Nothing was due."
