"""The table of recent sessions. It follows what happens elsewhere without redrawing the page."""

from __future__ import annotations

import streamlit as st

from billing.errors import BillingError
from pages.components.errors import show_failure
from pages.components.opening_table import HOW_TO_OPEN, opening_table
from pages.components.sessions.columns import SESSIONS
from pages.components.sync_status import sync_progress
from pages.services import page_services

SESSIONS_SHOWN = 20


@st.fragment(run_every="2s")
def recent_sessions() -> None:
    """The newest sessions from our copy."""
    billing = page_services()
    try:
        recent = billing.call(lambda: billing.services.mirror.recent(SESSIONS_SHOWN))
    except BillingError as failure:
        show_failure(failure, "The sessions could not be loaded")
        return
    sync_progress(recent.state)
    if recent.sessions:
        opening_table(
            SESSIONS,
            recent.sessions,
            key="recent_sessions",
            first="what",
            opens="session",
            alt="Recent Checkout Sessions, the newest first",
        )
        st.caption(HOW_TO_OPEN)
    elif recent.state.complete:
        st.caption("No sessions yet. Press one of the buttons above to create one.")
