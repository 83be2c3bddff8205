"""How a page shows that something failed."""

from __future__ import annotations

import streamlit as st

from billing.errors import BillingError, StripeFailure
from pages.components.text.markdown import code, plain
from pages.scenarios.faults import NO_FAULTS
from pages.scenarios.sandbox_client import sandbox_controls


def show_failure(failure: BillingError, title: str) -> None:
    """A short message, the next step, and Stripe's request id where there is one."""
    st.error("  \n".join(failure_lines(failure)), title=title, icon=":material/error:")


def failure_lines(failure: BillingError) -> list[str]:
    """The same as lines of Markdown, without a title."""
    lines = [plain(failure.message), plain(failure.next_step)]
    if isinstance(failure, StripeFailure):
        if failure.is_temporary and api_faults_are_on():
            lines[1] = "Fault injection is on and may be the reason: clear the faults above."
        if failure.request_id:
            lines.append(f"Stripe request ID: {code(failure.request_id)}")
    return [line for line in lines if line]


def api_faults_are_on() -> bool:
    """Whether faults of the sandbox's API are on."""
    controls = sandbox_controls()
    state = controls.recent_state() if controls else None
    return state is not None and state.faults.api != NO_FAULTS.api
