"""How events and refused deliveries look in a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from billing.domain.durations import format_duration
from billing.domain.event import EventSource, EventState
from pages.components.chips import ANOTHER_APP, ANOTHER_APP_COLORS, EVENT_STATE_COLORS
from pages.components.tables import Table, age_column, chip_column, time_column
from pages.components.times import local, ticking

if TYPE_CHECKING:
    from collections.abc import Sequence

    from billing.domain.event import Event, Refusal


def source_text(event: Event) -> str:
    """How it came: ``webhook``, ``webhook, twice``, ``polling``, ``polling, then webhook``."""
    times = {0: "", 1: "", 2: ", twice"}.get(event.deliveries, f", {event.deliveries:,} times")
    if event.source is EventSource.POLL and event.deliveries:
        return f"polling, then webhook{times}"
    return f"{event.source.label}{times}"


def _cells(event: Event) -> dict[str, object]:
    return {
        "arrived": ticking(event.received_at),
        "state": [event.state.label],
        "type": event.type,
        "source": source_text(event),
        "delay": format_duration(event.delay),
        "app": [ANOTHER_APP] if event.ours is False else None,
        "object": event.object_id,
        "at": local(event.received_at),
        "error": event.error,
        "id": event.id,
    }


def _refusal_cells(refusal: Refusal) -> dict[str, object]:
    return {
        "arrived": ticking(refusal.received_at),
        "reason": refusal.reason,
        "count": refusal.count,
        "next_step": refusal.next_step,
        "size": refusal.size,
        "at": local(refusal.received_at),
    }


EVENTS = Table(
    {
        "arrived": age_column("Arrived", width=135),
        "state": chip_column("State", EVENT_STATE_COLORS, width=90),
        "type": st.column_config.TextColumn("Event", width=240),
        "source": st.column_config.TextColumn("Source", width=110),
        "delay": st.column_config.TextColumn("Delay", alignment="right"),
        "app": chip_column("App", ANOTHER_APP_COLORS, width=115),
        "object": st.column_config.TextColumn("Object", width=200),
        "at": time_column("Arrived at"),
        "error": st.column_config.TextColumn("Error", width=320),
        "id": st.column_config.TextColumn("Event ID", width=260),
    },
    _cells,
    least_widths={"delay": 70},
)
# Of those that failed, the reason is what people came for.
FAILED_ORDER = ("arrived", "type", "error", "object", "source", "delay", "app", "at", "id", "state")
REFUSALS = Table(
    {
        "arrived": age_column("Arrived", width=135),
        "reason": st.column_config.TextColumn("Reason", width=300),
        "count": st.column_config.NumberColumn("Count", format="localized", width=80),
        "next_step": st.column_config.TextColumn("What to do", width=520),
        "size": st.column_config.NumberColumn("Size", format="bytes", width=80),
        "at": time_column("Arrived at"),
    },
    _refusal_cells,
)


def column_order(events: Sequence[Event], state: EventState | None) -> tuple[str, ...]:
    """The columns for events of that state, without those that are empty for all of them."""
    empty = set()
    if not any(event.error for event in events):
        empty.add("error")
    if all(event.ours is not False for event in events):
        empty.add("app")
    names = FAILED_ORDER if state is EventState.FAILED else tuple(EVENTS.columns)
    return tuple(name for name in names if name not in empty)
