"""The table of the sessions that match, page by page.

Its rows follow what happens to their sessions, and stay where they are: what is new waits behind a
button until somebody asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st

from billing.domain.session_filter import COUNTED, SEARCHED, Cursor
from billing.errors import BillingError
from pages.components.errors import show_failure
from pages.components.opening_table import HOW_TO_OPEN, opening_table
from pages.components.session_columns import columns, rows
from pages.components.sessions.export import download_button
from pages.components.sessions.filters import clear_filters, is_filtered
from pages.components.sync_status import state_of_the_copy
from pages.services import page_services

if TYPE_CHECKING:
    from billing.domain.session_filter import SessionFilter
    from billing.sessions.service import SessionPage, SessionUpdate

PAGE = 25


@dataclass
class PageState:
    """What one browser tab shows: the page below the last of the places that were turned to."""

    wanted: SessionFilter
    turned: list[Cursor] = field(default_factory=list)
    found: SessionPage | None = None

    @property
    def ids(self) -> list[str]:
        return [session.id for session in self.found.sessions] if self.found else []


def session_table(wanted: SessionFilter) -> None:
    """The table; on a run of the whole page its first page is read anew."""
    view: PageState | None = st.session_state.get("sessions_view")
    if view is None or view.wanted != wanted:
        view = PageState(wanted)
        st.session_state["sessions_view"] = view
    if not view.turned:
        view.found = None
    following_table()


@st.fragment(run_every="3s")
def following_table() -> None:
    """The rows as they are now."""
    billing, view = page_services(), current_view()
    sessions = billing.services.sessions
    try:
        if view.found is None:
            below = view.turned[-1] if view.turned else None
            view.found = billing.call(lambda: sessions.find(view.wanted, PAGE, below))
        end = view.found.older
        followed = billing.call(lambda: sessions.follow(view.ids, view.wanted, end))
    except BillingError as failure:
        show_failure(failure, "The sessions could not be loaded")
        return
    state_of_the_copy(followed.state)
    if view.found.sessions:
        head(view, view.found, followed)
        table(followed)
        pager(view, view.found)
    elif followed.new:
        view.found = None  # the first has come
        st.rerun(scope="app")
    else:
        empty_state(view.wanted, followed.state.complete)


def current_view() -> PageState:
    view: PageState = st.session_state["sessions_view"]
    return view


def head(view: PageState, found: SessionPage, followed: SessionUpdate) -> None:
    """What is new, and the way to take all that match along; how many those are, the numbers
    say."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            st.caption(HOW_TO_OPEN, width="content")
            if followed.new and not view.turned:
                more = "+" if followed.new > COUNTED else ""
                st.button(
                    f"Show {min(followed.new, COUNTED):,}{more} new",
                    key="show_new",
                    icon=":material/arrow_upward:",
                    type="primary",
                    on_click=to_the_newest,
                )
        download_button(view.wanted)
    if found.partial:
        st.caption(
            f":material/info: More than {SEARCHED:,} sessions contain this text, and only those "
            "were searched. Enter more of it, or choose dates."
        )


def table(followed: SessionUpdate) -> None:
    """The rows; each opens its story."""
    shown = rows(followed.sessions)
    opening_table(
        shown,
        columns(shown),
        key="sessions_table",
        first="what",
        opens="session",
        alt="Checkout Sessions, the newest first",
        height="content",
    )


def pager(view: PageState, found: SessionPage) -> None:
    """The way to older sessions and back."""
    if not view.turned and not found.older:
        return
    with st.container(horizontal=True, horizontal_alignment="center"):
        st.button(
            "Newer",
            key="newer_sessions",
            icon=":material/chevron_left:",
            disabled=not view.turned,
            on_click=turn_back,
        )
        st.button(
            "Older",
            key="older_sessions",
            icon=":material/chevron_right:",
            icon_position="right",
            disabled=found.older is None,
            on_click=older,
            args=(found.older,),
        )


def older(older: Cursor) -> None:
    current_view().turned.append(older)
    current_view().found = None


def turn_back() -> None:
    current_view().turned.pop()
    current_view().found = None


def to_the_newest() -> None:
    current_view().turned.clear()
    current_view().found = None


def empty_state(wanted: SessionFilter, complete: bool) -> None:
    """No session to show: what to do first, or how to see others."""
    if is_filtered(wanted):
        st.info(
            "Try a shorter search or fewer filters.",
            title="No matching sessions",
            icon=":material/filter_alt_off:",
        )
        # In the whole page, where the filters are.
        if st.button("Clear filters", key="clear_session_filters", on_click=clear_filters):
            st.rerun(scope="app")
    elif complete:
        st.info(
            "Press PAY WITH CARD or BUY EXTRA LOAD CREDITS on the Billing page: "
            "the session then appears here.",
            title="No sessions yet",
            icon=":material/inbox:",
        )
        st.page_link("billing.py", label="Go to Billing", icon=":material/payments:")
