"""The recent sessions. Their table follows what happens elsewhere without redrawing the page."""

from __future__ import annotations

import streamlit as st

from billing.changes.topics import Topic
from billing.domain.sessions.filters import SessionFilter
from billing.domain.sessions.page import SessionListing
from billing.domain.sessions.source import COUNTED
from billing.errors import BillingError
from pages.components.errors import show_failure
from pages.components.frame.sandbox_links import sandbox_links
from pages.components.frame.sync_status import sync_progress
from pages.components.live import live
from pages.components.opening_table import HOW_TO_OPEN, opening_table
from pages.components.sessions.columns import SESSIONS
from pages.services import page_services

SESSIONS_SHOWN = 7  # whole rows, without a scroll bar of their own
COLUMNS = ("what", "amount", "outcome", "note", "when", "email", "source")
WITH_TESTS = "Test kit and demo"


def recent_sessions() -> None:
    """The newest sessions from our copy, without those of the Test kit and the demo data unless
    they are asked for or there are no others."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.header("Recent sessions", anchor=False, width="content")
        st.page_link("sessions.py", label="All sessions →")
    newest()


@live(Topic.SESSIONS, Topic.STATUS)
def newest() -> None:
    """The table, which follows what happens elsewhere."""
    with_tests = bool(st.session_state.get("recent_with_tests"))
    try:
        listing = find(SessionFilter(sources=frozenset() if with_tests else COUNTED))
        if not (with_tests or listing.page.sessions):
            listing = find(SessionFilter())
    except BillingError as failure:
        show_failure(failure, "The sessions could not be loaded")
        return
    sync_progress(listing.state)
    if sessions := listing.page.sessions:
        opening_table(
            SESSIONS,
            sessions,
            key="recent_sessions",
            first="what",
            opens="session",
            alt="Recent Checkout Sessions, the newest first",
            order=COLUMNS,
            height="content",
        )
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            st.caption(HOW_TO_OPEN, width="content")
            st.toggle(WITH_TESTS, key="recent_with_tests")
    elif listing.state.complete:
        no_sessions()


def find(wanted: SessionFilter) -> SessionListing:
    """The newest sessions that match. Raises ``BillingError``."""
    billing = page_services()
    return billing.call(lambda: billing.services.sessions.find(wanted, SESSIONS_SHOWN))


def no_sessions() -> None:
    """What to do where there is no session."""
    with st.container(horizontal=True, vertical_alignment="center", key="no_sessions"):
        st.caption(
            "No sessions yet. Press one of the buttons above to create one.", width="content"
        )
        sandbox_links()
