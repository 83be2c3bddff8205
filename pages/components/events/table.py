"""The tables of events and of refused deliveries. They follow what arrives by themselves."""

from __future__ import annotations

import time

import streamlit as st

from billing.changes.topics import Topic
from billing.domain.access import Permission
from billing.domain.events.event import COUNT_LIMIT, Cursor, EventOverview, EventState, Refusal
from billing.errors import BillingError
from pages.components.errors import show_failure
from pages.components.events.columns import EVENTS, REFUSALS, EventRow, column_order
from pages.components.events.filters import (
    ALL,
    FILTERS,
    REFUSED,
    STATE_OPTIONS,
    EventQuery,
    describe,
    event_query,
)
from pages.components.events.sending import RESEND_FAILED, TEST_EVENT, open_sending
from pages.components.frame.sandbox_links import sandbox_links
from pages.components.live import live
from pages.components.opening_table import HOW_TO_OPEN, CellButton, opening_table
from pages.components.paging import Paging, current_paging, pager
from pages.components.permission import guarded
from pages.components.rerun import request_page, request_page_rerun, rerun_page_if_requested
from pages.components.tables import table_height
from pages.components.text.times import local
from pages.scenarios.sandbox_client import sandbox_controls
from pages.services import page_services

RELEVANT = "relevant"  # the default; its name does not stand in the address
RELEVANT_HELP = "Events that tell what became of a payment: those that a timeline shows"
SELDOM = (ALL, EventState.HANDLED, EventState.IGNORED)
ROWS_IN_VIEW = 14


@live(Topic.EVENTS, Topic.STATUS)
def event_table() -> None:
    """The counts to choose from, and the events or refused deliveries that the address asks for."""
    rerun_page_if_requested()
    billing = page_services()
    query = event_query()
    paging: Paging[EventQuery, Cursor, None] = current_paging("events", query)
    try:
        overview = billing.call(
            lambda: billing.services.event_log.find(query.filter, paging.cursor)
        )
        refusals = billing.call(billing.services.event_log.refusals) if query.refused else []
    except BillingError as failure:
        show_failure(failure, "The events could not be loaded")
        return
    FILTERS.show_ignored()
    counts = overview.counts
    if any((*counts.states.values(), counts.refused)) or not query.is_default:
        state_buttons(query, overview)
    found = overview.page
    if query.refused:
        refused_deliveries(refusals)
    elif found.events:
        rows = [EventRow(event, overview.sessions.get(event.id)) for event in found.events]
        events(rows, query.filter.state)
        pager("events", paging, found.older)
    else:
        empty_state(query)


def state_buttons(query: EventQuery, overview: EventOverview) -> None:
    """The states with their counts; a press shows one. In the menu: what is empty, or seldom
    wanted. And all that failed, once more."""
    counts = overview.counts
    numbers = {state.value: number for state, number in counts.states.items()}
    numbers |= {ALL: sum(counts.states.values()), REFUSED: counts.refused}
    narrowed = bool(query.filter.type or query.filter.about)
    default = ALL if narrowed else RELEVANT
    numbers[RELEVANT] = counts.relevant
    selected = REFUSED if query.refused else query.filter.state or FILTERS.value("state") or default
    options = [default, *(state for state in STATE_OPTIONS if state != default)]
    shown = [
        state
        for state in options
        if state in (default, selected) or (state not in SELDOM and numbers[state])
    ]
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        for state in shown:
            st.button(
                f"{state.capitalize()} **{format_count(numbers[state])}**",
                key=f"show_{state}",
                type="primary" if state == selected else "secondary",
                on_click=show_state,
                args=(state, default),
                help=RELEVANT_HELP if state == RELEVANT else None,
            )
        st.menu_button(
            "More",
            [state for state in options if state not in shown],
            format_func=lambda state: f"{state.capitalize()} {format_count(numbers[state])}",
            key="more_states",
            on_click=lambda: show_state(st.session_state["more_states"], default),
        )
        if not query.is_default:
            FILTERS.clear_button()
        if sandbox_controls():
            st.menu_button(
                "Send",
                [RESEND_FAILED, TEST_EVENT],
                key="send_menu",
                icon=":material/send:",
                on_click=on_send,
                **guarded(Permission.SEND_EVENTS),
            )
        if overview.failed:
            replay_all(overview.failed)


def on_send() -> None:
    open_sending(st.session_state["send_menu"])
    request_page_rerun()


def show_state(state: str | None, default: str) -> None:
    """As a callback: have the address ask for events of this state."""
    if state is not None:  # the menu's label has changed meanwhile
        FILTERS.replace("state", [] if state == default else [str(state)])


def format_count(number: int) -> str:
    """The number, or that there are more than are counted."""
    return f"{COUNT_LIMIT:,}+" if number > COUNT_LIMIT else f"{number:,}"


def replay_all(failed: int) -> None:
    """The button that handles again all that failed, and the result of the last press."""
    st.button(
        f"Replay all failed events ({format_count(failed)})",
        key="replay_all",
        type="tertiary",
        icon=":material/replay:",
        on_click=on_replay_all,
        **guarded(
            Permission.REPLAY,
            "Retrieves their sessions from Stripe again. Nothing is granted twice.",
        ),
    )
    result: BillingError | str | None = st.session_state.get("replay_all_result")
    if isinstance(result, BillingError):
        show_failure(result, "The events could not be replayed")
    elif result:
        st.caption(result, width="content")


def on_replay_all() -> None:
    billing = page_services()
    result: BillingError | str
    try:
        replayed = billing.call(billing.services.event_log.replay)
    except BillingError as failure:
        result = failure
    else:
        result = f"{replayed:,} replayed at {local(time.time()):%H:%M:%S}"
    st.session_state["replay_all_result"] = result


def events(found: list[EventRow], state: EventState | None) -> None:
    """The table; each row opens its event, and its session."""
    opening_table(
        EVENTS,
        found,
        key="events_table",
        first="type",
        opens="event",
        alt="Events, the newest arrival first",
        order=column_order(found, state),
        height=table_height(min(len(found), ROWS_IN_VIEW)),
        buttons={
            "session": CellButton(
                "session_id", lambda session_id: request_page("sessions.py", session=session_id)
            )
        },
    )
    st.caption(
        f"{HOW_TO_OPEN} The delay is the time from an event's creation, which Stripe gives in "
        "whole seconds, to its arrival. An event that arrives more than once is granted once; "
        "events of another app's sessions grant nothing here."
    )


def refused_deliveries(refusals: list[Refusal]) -> None:
    """Why deliveries were refused."""
    if not refusals:
        st.info(
            "A delivery is refused when its signature does not match or is too old.",
            title="No refused deliveries",
            icon=":material/verified_user:",
        )
        return
    st.dataframe(
        REFUSALS.draw(refusals).data,
        column_config=REFUSALS.columns,
        hide_index=True,
        key="refused_table",
        height=table_height(min(len(refusals), ROWS_IN_VIEW)),
        alt="Refused deliveries, the newest first",
    )
    st.caption(
        "Deliveries refused for the same reason within a minute share a row, which shows the "
        "last of them. Of a refused delivery no more is stored than the ID of the event that it "
        "claims to be, because its sender is unknown."
    )


def empty_state(query: EventQuery) -> None:
    """No event to show: what to do first, or how to see others."""
    if not query.is_default:
        st.info(f"There is no {describe(query.filter)}.", icon=":material/filter_alt_off:")
        return
    st.info(
        "Pay for a session: the events of its payment appear here by themselves.",
        title="No events of payments yet",
        icon=":material/inbox:",
    )
    with st.container(horizontal=True):
        st.page_link("billing.py", label="Create a session", icon=":material/payments:")
        sandbox_links()
