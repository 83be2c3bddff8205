"""The tables of events and of refused deliveries. They follow what arrives by themselves."""

from __future__ import annotations

import time

import streamlit as st

from billing.domain.event import COUNTED, Cursor, Refusal
from billing.errors import BillingError
from billing.events.log import Overview
from pages.components.errors import show_failure
from pages.components.events.columns import (
    COLUMNS,
    FAILED_ORDER,
    REFUSED_COLUMNS,
    columns,
    height,
    refused_rows,
    rows,
)
from pages.components.events.filters import (
    REFUSED,
    VIEWS,
    EventQuery,
    asked,
    clear,
    in_words,
    show_state,
)
from pages.components.opening_table import HOW_TO_OPEN, opening_table
from pages.components.times import local
from pages.services import page_services


@st.fragment(run_every="2s")
def event_table() -> None:
    """The counts to choose from, and the events or refused deliveries that the address asks for."""
    if st.session_state.pop("redraw_events", False):
        st.rerun()  # the whole page: the filters are outside of this fragment
    billing = page_services()
    view = asked()
    below = places(view)
    try:
        overview = billing.call(
            lambda: billing.services.event_log.latest(view.wanted, below[-1] if below else None)
        )
        refusals = billing.call(billing.services.event_log.refusals) if view.refused else []
    except BillingError as failure:
        show_failure(failure, "The events could not be loaded")
        return
    if view.nonsense:
        st.warning(
            "  \n".join(view.nonsense),
            title="Unknown filter in the link",
            icon=":material/link_off:",
        )
    states(view, overview)
    if view.refused:
        refused_deliveries(refusals)
    elif overview.page.events:
        events(overview, order(view, overview))
        pager(view, overview)
    else:
        empty_state(view)


def states(view: EventQuery, overview: Overview) -> None:
    """The states with their counts; a press shows one. And all that failed, once more."""
    counts = overview.counts
    numbers = {"": sum(counts.states.values()), **counts.states, REFUSED: counts.refused}
    chosen = REFUSED if view.refused else view.wanted.state or ""
    with st.container(horizontal=True, gap="small"):
        with st.container(horizontal=True, gap="xsmall", width="content"):
            for state in VIEWS:
                st.button(
                    f"{state.capitalize() or 'All'} **{at_most(numbers[state])}**",
                    key=f"show_{state or 'all'}",
                    type="primary" if state == chosen else "secondary",
                    on_click=show_state,
                    args=(state,),
                )
        replay_all(overview.failed)


def at_most(number: int) -> str:
    """The number, or that there are more than are counted."""
    return f"{COUNTED:,}+" if number > COUNTED else f"{number:,}"


def replay_all(failed: int) -> None:
    """The button that handles again all that failed."""
    st.button(
        f"Replay all failed events ({at_most(failed)})",
        key="replay_all",
        type="tertiary",
        icon=":material/replay:",
        disabled=not failed,
        on_click=replay_them,
        help="Retrieves their sessions from Stripe again. Nothing is granted twice.",
    )
    if isinstance(said := st.session_state.get("replayed_all"), BillingError):
        show_failure(said, "The events could not be replayed")
    elif said:
        st.caption(said, width="content")


def replay_them() -> None:
    """Have them handled again, and keep what came of that to be told."""
    billing = page_services()
    said: BillingError | str
    try:
        again = billing.call(billing.services.event_log.replay)
    except BillingError as failure:
        said = failure
    else:
        said = f"{again:,} replayed at {local(time.time()):%H:%M:%S}"
    st.session_state["replayed_all"] = said


def order(view: EventQuery, overview: Overview) -> tuple[str, ...]:
    """The columns in their order, without those that have nothing to say of any event here."""
    shown = overview.page.events
    silent = set()
    if not any(event.error for event in shown):
        silent.add("error")
    if all(event.ours is not False for event in shown):
        silent.add("whose")
    names = FAILED_ORDER if view.wanted.state == "failed" else tuple(COLUMNS)
    return tuple(name for name in names if name not in silent)


def events(overview: Overview, names: tuple[str, ...]) -> None:
    """The table; each row opens its event."""
    shown = rows(overview.page.events)
    opening_table(
        shown,
        columns(shown),
        key="events_table",
        first="type",
        opens="event",
        alt="Events, the newest arrival first",
        order=names,
        height=height(len(shown)),
    )
    st.caption(
        f"{HOW_TO_OPEN} The delay is the time from an event's creation, which Stripe gives in "
        "whole seconds, to its arrival. An event that arrives more than once is granted once; "
        "events of another app's sessions grant nothing here."
    )


def refused_deliveries(refusals: list[Refusal]) -> None:
    """Why deliveries were not believed."""
    if not refusals:
        st.info(
            "A delivery is refused when its signature does not match or is too old.",
            title="No refused deliveries",
            icon=":material/verified_user:",
        )
        return
    st.dataframe(
        refused_rows(refusals),
        column_config=REFUSED_COLUMNS,
        hide_index=True,
        key="refused_table",
        height=height(len(refusals)),
        alt="Refused deliveries, the newest first",
    )
    st.caption(
        "Deliveries refused for the same reason within a minute share a row, which shows the "
        "last of them. The contents of a refused delivery are not stored, because its sender is "
        "unknown."
    )


def empty_state(view: EventQuery) -> None:
    """No event to show: what to do first, or how to see others."""
    if view.is_all:
        st.info(
            "Press PAY WITH CARD or BUY EXTRA LOAD CREDITS on the Billing page, open the link "
            "and pay with a test card. The events of the payment then appear here.",
            title="No events yet",
            icon=":material/inbox:",
        )
        st.page_link("billing.py", label="Go to Billing", icon=":material/payments:")
    else:
        st.info(f"There is no {in_words(view.wanted)}.", icon=":material/filter_alt_off:")
        st.button("Clear filters", key="clear_filters", on_click=show_all)


def show_all() -> None:
    """Let go of every filter."""
    clear()
    st.session_state["redraw_events"] = True


def places(view: EventQuery) -> list[Cursor]:
    """Where the pages begin that were turned to; another filter begins at the newest."""
    kept: tuple[EventQuery, list[Cursor]] | None = st.session_state.get("events_places")
    if kept is None or kept[0] != view:
        kept = (view, [])
        st.session_state["events_places"] = kept
    return kept[1]


def pager(view: EventQuery, overview: Overview) -> None:
    """The way to older events and back."""
    turned = places(view)
    if not turned and not overview.page.has_older:
        return
    with st.container(horizontal=True, horizontal_alignment="center", vertical_alignment="center"):
        st.button(
            "Newer",
            key="newer",
            icon=":material/chevron_left:",
            disabled=not turned,
            on_click=turn_back,
            args=(turned,),
        )
        st.button(
            "Older",
            key="older",
            icon=":material/chevron_right:",
            icon_position="right",
            disabled=not overview.page.has_older,
            on_click=turned.append,
            args=(overview.page.events[-1].cursor,),
        )


def turn_back(turned: list[Cursor]) -> None:
    turned.pop()
