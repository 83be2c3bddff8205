"""Payloads and events that are old enough to be removed, a batch at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, or_, select, update

from billing.domain.events.event import EventState
from billing.domain.events.event_summary import summarize
from billing.json_codec import dumps, loads
from billing.store.tables import events

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Select

_e = events.c
_is_whole = _e.payload_removed_at.is_(None)


@dataclass(frozen=True)
class Leftover:
    """What is to stay of an event's payload, as JSON text."""

    event_id: str
    payload: str


def leftovers(connection: Connection, handled_before: float, limit: int) -> list[Leftover]:
    """Of events whose payload is due to be removed: of the ignored at once, of those that are
    handled and arrived before a time (Unix seconds)."""
    is_ignored = _e.state == EventState.IGNORED
    is_old = (_e.state == EventState.HANDLED) & (_e.received_at < handled_before)
    found: list[Leftover] = []
    for condition in (is_ignored, is_old):  # each is one range of one index
        rows: Select[Any] = select(_e.id, _e.payload).where(condition, _is_whole)
        oldest = rows.order_by(_e.received_at).limit(limit - len(found))
        found += (Leftover(row.id, _left_of(row.payload)) for row in connection.execute(oldest))
    return found


def remove_payloads(connection: Connection, found: Sequence[Leftover], at: float) -> int:
    """Store what is left of payloads, of events that are not to be handled again meanwhile; how
    many those were before."""
    if found:
        rows = [{"event": one.event_id, "left": one.payload} for one in found]
        connection.execute(_remove.values(payload_removed_at=at), rows)
    return len(found)


def delete_ignored(connection: Connection, before: float, limit: int) -> int:
    """Delete the oldest ignored events that arrived before a time (Unix seconds); how many."""
    oldest = (
        select(_e.id)
        .where(_e.state == EventState.IGNORED, _e.received_at < before)
        .order_by(_e.received_at)
        .limit(limit)
    )
    ids = list(connection.scalars(oldest))
    if ids:
        connection.execute(delete(events).where(_e.id.in_(ids)))
    return len(ids)


_remove = (
    update(events)
    .where(
        _e.id == bindparam("event"),
        or_(_e.state == EventState.HANDLED, _e.state == EventState.IGNORED),
    )
    .values(payload=bindparam("left"))
)


def _left_of(payload: str) -> str:
    try:
        return dumps(summarize(loads(payload)))
    except (ValueError, AttributeError):
        return "{}"  # it is damaged, and could not be read before either
