"""The table of recent sessions. It follows what happens elsewhere without redrawing the page."""

from __future__ import annotations

import streamlit as st

from billing.errors import BillingError
from pages.components.errors import show_failure
from pages.components.opening_table import HOW_TO_OPEN, opening_table
from pages.components.session_columns import columns, rows
from pages.components.sync_status import state_of_the_copy
from pages.services import page_services

SHOWN = 20


@st.fragment(run_every="2s")
def recent_sessions() -> None:
    """The newest sessions from our copy."""
    billing = page_services()
    try:
        recent = billing.call(lambda: billing.services.mirror.recent(SHOWN))
    except BillingError as failure:
        show_failure(failure, "The sessions could not be loaded")
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
        st.caption("No sessions yet. Press one of the buttons above to create one.")
