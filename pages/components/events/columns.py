"""How events and refused deliveries look in a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from billing.domain.durations import format_duration
from billing.domain.events.event import EventSource, EventState
from pages.components.tables import Table, chip_column, time_column
from pages.components.text.chips import ANOTHER_APP, ANOTHER_APP_COLORS, EVENT_STATE_COLORS
from pages.components.text.ids import short_id
from pages.components.text.times import local

if TYPE_CHECKING:
    from collections.abc import Sequence

    from billing.domain.events.event import Event, Refusal
    from billing.domain.sessions.checkout_session import CheckoutSession


def source_text(event: Event) -> str:
    """How it came: ``webhook``, ``webhook, twice``, ``polling``, ``polling, then webhook``; of a
    test event ``test, by webhook``."""
    return f"test, by {_source(event)}" if event.is_test else _source(event)


def _source(event: Event) -> str:
    times = {0: "", 1: "", 2: ", twice"}.get(event.deliveries, f", {event.deliveries:,} times")
    if event.source is EventSource.POLL and event.deliveries:
        return f"polling, then webhook{times}"
    return f"{event.source.label}{times}"


@dataclass(frozen=True)
class EventRow:
    """An event and the session that it belongs to, where that is known."""

    event: Event
    session: CheckoutSession | None

    @property
    def id(self) -> str:
        return self.event.id


def _cells(row: EventRow) -> dict[str, object]:
    event, session = row.event, row.session
    return {
        "type": event.type,
        "session": f"{session.what}, {session.amount}".strip(", ") if session else "",
        "arrived": local(event.received_at),
        "state": [event.state.label],
        "source": source_text(event),
        "payload": event.payload,
        "delay": format_duration(event.delay),
        "email": session.customer_email if session else None,
        "app": [ANOTHER_APP] if event.ours is False else None,
        "object": short_id(event.object_id),
        "error": event.error,
        "event": short_id(event.id),
        "id": event.id,
        "session_id": session.id if session else "",
    }


def _refusal_cells(refusal: Refusal) -> dict[str, object]:
    return {
        "arrived": local(refusal.received_at),
        "reason": refusal.reason,
        "count": refusal.count,
        "next_step": refusal.next_step,
        "size": refusal.size,
    }


EVENTS = Table(
    {
        "type": st.column_config.TextColumn("Event"),
        "session": st.column_config.TextColumn("Session"),
        "arrived": time_column("Arrived"),
        "state": chip_column("State", EVENT_STATE_COLORS, width=82),
        "source": st.column_config.TextColumn("Source"),
        "payload": st.column_config.TextColumn("Payload", width=80),
        "delay": st.column_config.TextColumn("Delay", alignment="right"),
        "app": chip_column("App", ANOTHER_APP_COLORS, width=115),
        "object": st.column_config.TextColumn("Object", width=86),
        "error": st.column_config.TextColumn("Error", width=320),
        "event": st.column_config.TextColumn("Event ID", width=92),
        # Behind the ids: some emails have hundreds of characters.
        "email": st.column_config.TextColumn("Email"),
        "id": None,
        "session_id": None,
    },
    _cells,
    least_widths={"type": 180, "session": 140, "source": 80, "delay": 60, "email": 150},
)
# Of those that failed, the reason is what people came for.
FAILED_ORDER = ("type", "error", "session", "email", "arrived", "source", "payload", "delay", "app")
REFUSALS = Table(
    {
        "arrived": time_column("Arrived"),
        "reason": st.column_config.TextColumn("Reason", width=300),
        "count": st.column_config.NumberColumn("Count", format="localized", width=80),
        "next_step": st.column_config.TextColumn("What to do", width=520),
        "size": st.column_config.NumberColumn("Size", format="bytes", width=80),
    },
    _refusal_cells,
)


def column_order(rows: Sequence[EventRow], state: EventState | None) -> tuple[str, ...]:
    """The columns for events of that state, without those that are empty for all of them."""
    empty = {"id", "session_id"}
    if not any(row.event.error for row in rows):
        empty.add("error")
    if all(row.event.source is not EventSource.THIN for row in rows):
        empty.add("payload")
    if all(row.event.ours is not False for row in rows):
        empty.add("app")
    names = FAILED_ORDER if state is EventState.FAILED else tuple(EVENTS.columns)
    return tuple(name for name in names if name not in empty)
