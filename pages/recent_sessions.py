"""The table of recent sessions. It follows what happens elsewhere without redrawing the page."""

from __future__ import annotations

import streamlit as st

from billing.errors import BillingError, StripeFailure
from billing.mirror import MirrorState
from billing.page_services import page_services
from pages.failures import show_failure
from pages.opening_table import HOW_TO_OPEN, opening_table
from pages.session_columns import columns, rows
from pages.times import local

SHOWN = 20


@st.fragment(run_every="2s")
def recent_sessions() -> None:
    """The newest sessions from our copy, with its age when it is not in step with Stripe."""
    billing = page_services()
    try:
        recent = billing.call(lambda: billing.services.mirror.recent(SHOWN))
    except BillingError as failure:
        show_failure(failure, "The sessions could not be read just now")
        return
    state_of_the_copy(recent.state)
    if recent.sessions:
        shown = rows(recent.sessions)
        opening_table(
            shown,
            columns(shown),
            key="recent_sessions",
            first="what",
            opens="session",
            alt="Recent Checkout Sessions, the newest first",
        )
        st.caption(HOW_TO_OPEN)
    elif recent.state.complete:
        st.caption("No sessions yet. Press one of the buttons above to make the first.")


def state_of_the_copy(state: MirrorState) -> None:
    """Say how far the copy can be trusted, when there is something to say."""
    if state.failure:
        as_of = f"as of {local(state.as_of):%d %b, %H:%M:%S}" if state.as_of else "as last known"
        failure = StripeFailure(state.failure, state.next_step, request_id=state.request_id)
        show_failure(failure, f"Stripe could not be asked; this is {as_of}")
    elif not state.complete and state.read:
        st.caption(
            f":material/sync: Reading the history from Stripe: {state.read:,} sessions so far"
        )
