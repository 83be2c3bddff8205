"""The table of the sessions that match, page by page.

Its rows follow what happens to their sessions, and stay where they are: what is new waits behind a
button until somebody asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from billing.changes.topics import Topic
from billing.domain.sessions.filters import (
    COUNT_LIMIT,
    SCAN_LIMIT,
    SEARCH_LIMIT,
    TRIGRAM,
    SessionFilter,
)
from billing.domain.sessions.page import Cursor, SessionPage
from billing.errors import BillingError
from pages.components.errors import show_failure
from pages.components.frame.sandbox_links import sandbox_links
from pages.components.frame.sync_status import sync_progress
from pages.components.live import live
from pages.components.opening_table import HOW_TO_OPEN, opening_table
from pages.components.paging import Paging, current_paging, pager
from pages.components.rerun import rerun_page_if_requested
from pages.components.sessions.columns import SESSIONS, shown_columns
from pages.components.sessions.export import download_button
from pages.services import page_services

if TYPE_CHECKING:
    from billing.domain.sessions.page import SessionListing

PAGE_SIZE = 25
SessionPaging = Paging[SessionFilter, Cursor, SessionPage]


def has_sessions() -> bool:
    """Whether there is anything to filter; also where that cannot be read."""
    billing = page_services()
    try:
        recent = billing.call(lambda: billing.services.mirror.recent(1))
    except BillingError:
        return True
    return bool(recent.sessions)


def session_table(wanted: SessionFilter) -> None:
    """The table; on a run of the whole page its first page is read anew."""
    paging: SessionPaging = current_paging("sessions", wanted)
    if not paging.cursors:
        paging.page = None
    live_table(paging)


@live(Topic.SESSIONS, Topic.STATUS)
def live_table(paging: SessionPaging) -> None:
    """The rows as they are now."""
    rerun_page_if_requested()
    billing = page_services()
    sessions = billing.services.sessions
    try:
        page = paging.page
        if page is None:
            listing = billing.call(lambda: sessions.find(paging.query, PAGE_SIZE, paging.cursor))
            page = paging.page = listing.page
        else:
            listing = billing.call(lambda: sessions.follow(page, paging.query))
    except BillingError as failure:
        show_failure(failure, "The sessions could not be loaded")
        return
    sync_progress(listing.state)
    if page.sessions:
        head(paging, page, listing)
        opening_table(
            SESSIONS,
            listing.page.sessions,
            key="sessions_table",
            first="what",
            opens="session",
            alt="Checkout Sessions, the newest first",
            order=shown_columns(listing.page.sessions),
            height="content",
        )
        pager("sessions", paging, page.older)
    elif listing.new:
        paging.page = None  # the first has come
        st.rerun(scope="app")
    else:
        empty_state(paging.query, listing.state.complete)


def head(paging: SessionPaging, page: SessionPage, listing: SessionListing) -> None:
    """What is new, and the export of all that match; how many those are, the metrics say."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            st.caption(HOW_TO_OPEN, width="content")
            if listing.new and not paging.cursors:
                more = "+" if listing.new > COUNT_LIMIT else ""
                st.button(
                    f"Show {min(listing.new, COUNT_LIMIT):,}{more} new",
                    key="show_new",
                    icon=":material/arrow_upward:",
                    type="primary",
                    on_click=paging.newest,
                )
        download_button(paging.query)
    if page.is_partial:
        st.caption(
            f":material/info: Only the newest {SEARCH_LIMIT:,} sessions with this text were "
            f"looked at; for fewer than {TRIGRAM} characters, the newest {SCAN_LIMIT:,} of all. "
            "Enter more of it, or choose dates."
        )


def empty_state(wanted: SessionFilter, complete: bool) -> None:
    """No session to show: what to do first, or how to see others."""
    if wanted != SessionFilter():
        st.info(
            "Try a shorter search or fewer filters.",
            title="No matching sessions",
            icon=":material/filter_alt_off:",
        )
    elif complete:
        st.info(
            "Press PAY WITH CARD or BUY EXTRA LOAD CREDITS on the Billing page: the session then "
            "appears here.",
            title="No sessions yet",
            icon=":material/inbox:",
        )
        with st.container(horizontal=True):
            st.page_link("billing.py", label="Create a session", icon=":material/payments:")
            sandbox_links()
