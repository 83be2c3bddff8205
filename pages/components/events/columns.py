"""How events and refused deliveries look in a table: its columns, with chips for the states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from billing.domain.durations import format_duration
from billing.domain.event import WEBHOOK, Event, Refusal
from pages.components.session_columns import ANOTHER_APPS
from pages.components.tables import table, width_of
from pages.components.times import local, moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

ROWS_SHOWN = 14
ROW_HEIGHT = 35
STATE_COLORS = {"Handled": "green", "Pending": "blue", "Failed": "red", "Ignored": "gray"}
COLUMNS = {
    "arrived": st.column_config.DatetimeColumn("Arrived", format="distance", width=135),
    "state": st.column_config.MultiselectColumn(
        "State", options=list(STATE_COLORS), color=list(STATE_COLORS.values()), width=90
    ),
    "type": st.column_config.TextColumn("Event", width=240),
    "way": st.column_config.TextColumn("Source", width=110),
    "delay": st.column_config.TextColumn("Delay", alignment="right"),
    "whose": st.column_config.MultiselectColumn(
        "App", options=[ANOTHER_APPS], color=["violet"], width=115
    ),
    "about": st.column_config.TextColumn("Object", width=200),
    "at": st.column_config.DatetimeColumn("Arrived at", format="D MMM YYYY, HH:mm:ss", width=170),
    "error": st.column_config.TextColumn("Error", width=320),
    "id": st.column_config.TextColumn("Event ID", width=260),
}
# Of those that failed, the reason is what people came for.
FAILED_ORDER = ("arrived", "type", "error", "about", "way", "delay", "whose", "at", "id", "state")
REFUSED_COLUMNS = {
    "arrived": st.column_config.DatetimeColumn("Arrived", format="distance", width=135),
    "reason": st.column_config.TextColumn("Reason", width=300),
    "count": st.column_config.NumberColumn("Count", format="localized", width=80),
    "mend": st.column_config.TextColumn("What to do", width=520),
    "size": st.column_config.NumberColumn("Size", format="bytes", width=80),
    "at": st.column_config.DatetimeColumn("Arrived at", format="D MMM YYYY, HH:mm:ss", width=170),
}


def way(event: Event) -> str:
    """How it came: ``webhook``, ``webhook, twice``, ``polling``, ``polling, then webhook``."""
    often = {0: "", 1: "", 2: ", twice"}.get(event.deliveries, f", {event.deliveries:,} times")
    if event.source == WEBHOOK:
        return f"webhook{often}"
    return f"polling, then webhook{often}" if event.deliveries else "polling"


def columns(shown: pd.DataFrame) -> dict[str, Any]:
    """The columns for these rows, each delay as wide as it is."""
    return COLUMNS | {"delay": COLUMNS["delay"] | {"width": width_of(shown["delay"], 70)}}


def rows(events: Sequence[Event]) -> pd.DataFrame:
    """One row an event, in the columns of ``COLUMNS``."""
    return table(events, tuple(COLUMNS), cells)


def cells(event: Event) -> tuple[object, ...]:
    """The values of one row."""
    return (
        moment(event.received_at),
        [event.state.capitalize()],
        event.type,
        way(event),
        format_duration(event.delay),
        [ANOTHER_APPS] if event.ours is False else None,
        event.object_id,
        local(event.received_at),
        event.error,
        event.id,
    )


def refused_rows(refusals: Sequence[Refusal]) -> pd.DataFrame:
    """One row a refused delivery, in the columns of ``REFUSED_COLUMNS``."""
    return table(refusals, tuple(REFUSED_COLUMNS), refused_cells)


def refused_cells(refusal: Refusal) -> tuple[object, ...]:
    """The values of one row."""
    received = refusal.received_at
    return (
        moment(received),
        refusal.reason,
        refusal.count,
        refusal.next_step,
        refusal.size,
        local(received),
    )


def height(rows: int) -> int:
    """As high as its rows, up to a screenful."""
    return ROW_HEIGHT * (min(rows, ROWS_SHOWN) + 1) + 3
