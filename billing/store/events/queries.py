"""Pages of events, one event, and counts. Each query reads a bounded number of rows."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select, tuple_, union, union_all

from billing.domain.events.event import (
    COUNT_LIMIT,
    Cursor,
    Event,
    EventCounts,
    EventFilter,
    EventPage,
    EventSource,
    EventState,
    WaitingEvents,
)
from billing.domain.sessions.source import Source
from billing.domain.sessions.timeline import TIMELINE_EVENTS
from billing.safe_text import sanitize
from billing.store.events import refusals
from billing.store.readable_rows import read_each
from billing.store.tables import LAST_CHARACTER, checkout_sessions, events

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import ColumnElement, Connection, Select

SCAN_LIMIT = 20_000  # newest events that a query reads which no single index answers
PREFIX_LIMIT = 1_000  # events whose ids begin with a text; among more, only the newest are found
TYPES_LIMIT = 200
ABOUT_LIMIT = 20

# The columns that ``event_of`` reads.
EVENT = [events.c[field.name].label(field.name) for field in fields(Event) if field.name != "ours"]
_OURS = (checkout_sessions.c.source != Source.OTHER).label("ours")
_ROWS = select(*EVENT, _OURS).outerjoin(
    checkout_sessions, checkout_sessions.c.id == events.c.object_id
)
_RELEVANT = events.c.type.in_(TIMELINE_EVENTS)
_PENDING = events.c.state == EventState.PENDING
_RETRYING = events.c.retry_at >= 0
_NEWEST_FIRST = (events.c.received_at.desc(), events.c.id.desc())


def page(
    connection: Connection, wanted: EventFilter, limit: int, below: Cursor | None = None
) -> EventPage:
    """The newest events that match, or those below a cursor; ``limit`` at the most."""
    conditions = _conditions(connection, wanted)
    if below:
        here = tuple_(events.c.received_at, events.c.id)
        conditions.append(here < (below.received_at, below.id))
    if wanted.relevant:
        conditions = [events.c.id.in_(_newest_relevant(conditions, limit + 1))]
    rows = _ROWS.where(*conditions)
    found = connection.execute(rows.order_by(*_NEWEST_FIRST).limit(limit + 1)).all()
    last = found[limit - 1] if len(found) > limit else None
    return EventPage(
        tuple(read_each(found[:limit], event_of)),
        Cursor(last.received_at, last.id) if last else None,
    )


def get(connection: Connection, event_id: str) -> Event | None:
    """The event of this id; None when it never arrived."""
    rows = connection.execute(_ROWS.where(events.c.id == sanitize(event_id))).all()
    return next(iter(read_each(rows, event_of)), None)


def types_of(connection: Connection, ids: Collection[str]) -> dict[str, str]:
    """The types of these events, by id, as far as they are stored."""
    rows = select(events.c.id, events.c.type).where(events.c.id.in_(set(ids)))
    return {row.id: row.type for row in connection.execute(rows)}


def event_of(row: Any) -> Event:
    """The event of a row that has the columns of ``EVENT``, and ``ours`` where that is known."""
    values = {column.name: getattr(row, column.name) for column in EVENT}
    values["source"] = EventSource(row.source)
    values["state"] = EventState(row.state)
    return Event(**values, ours=getattr(row, "ours", None))


def payload_of(connection: Connection, event_id: str) -> str | None:
    """What Stripe sent of an event, as JSON text; None when it never arrived."""
    sent = select(events.c.payload).where(events.c.id == sanitize(event_id))
    found: str | None = connection.scalar(sent)
    return found


def newest_about(connection: Connection, object_ids: Collection[str]) -> list[tuple[Event, str]]:
    """The newest events of these objects, with their payloads as JSON text, the oldest first;
    ``ABOUT_LIMIT`` of an object at the most."""
    found: dict[str, tuple[Event, str]] = {}
    for object_id in object_ids:
        rows = select(*EVENT, events.c.payload).where(events.c.object_id == object_id)
        newest = rows.order_by(events.c.created.desc()).limit(ABOUT_LIMIT)
        for row in connection.execute(newest).all():
            found |= {event.id: (event, row.payload) for event in read_each([row], event_of)}
    return sorted(found.values(), key=lambda one: (one[0].created, one[0].id))


def count_by_state(connection: Connection, wanted: EventFilter) -> EventCounts:
    """How many events match in each state; the state in the filter does not count."""
    refused = refusals.count_since(connection)
    wanted = replace(wanted, state=None, relevant=False)
    relevant = _count(connection, _RELEVANT, *_conditions(connection, wanted))
    if wanted == EventFilter():
        found = {state: _count(connection, events.c.state == state) for state in EventState}
    else:
        conditions = _conditions(connection, wanted, bounded=True)
        matching = select(events.c.state).where(*conditions).limit(SCAN_LIMIT).subquery()
        number = func.count().label("number")
        grouped = select(matching.c.state, number).group_by(matching.c.state)
        found = {row.state: row.number for row in connection.execute(grouped)}
    return EventCounts({state: found.get(state, 0) for state in EventState}, relevant, refused)


def count_failed(connection: Connection) -> int:
    """How many events failed; over ``COUNT_LIMIT`` means that many and more."""
    return _count(connection, events.c.state == EventState.FAILED)


def waiting(connection: Connection, now: float) -> WaitingEvents:
    """Which events wait at ``now`` (Unix seconds)."""
    failed = count_failed(connection)
    retrying = _count(connection, _RETRYING)
    some = select(events.c.received_at).where(_RETRYING).limit(COUNT_LIMIT).subquery()
    oldest = [
        connection.scalar(select(func.min(events.c.received_at)).where(_PENDING)),
        connection.scalar(select(func.min(some.c.received_at))),
    ]
    return WaitingEvents(
        pending=_count(connection, _PENDING),
        retrying=retrying,
        failed=max(failed - retrying, 0),
        oldest_age=max(0.0, now - min((one for one in oldest if one is not None), default=now)),
    )


def known_types(connection: Connection) -> list[str]:
    """The types of event that have arrived, in alphabetical order."""
    # From each type straight to the next one in the index, never over all events.
    first = select(func.min(events.c.type).label("type")).cte(recursive=True)
    following = (
        select(func.min(events.c.type))
        .where(events.c.type > first.c.type)
        .correlate(first)
        .scalar_subquery()
    )
    steps = first.union_all(select(following).where(first.c.type.is_not(None)))
    found = connection.scalars(select(steps.c.type).limit(TYPES_LIMIT))
    return [name for name in found if name is not None]


def _conditions(
    connection: Connection, wanted: EventFilter, *, bounded: bool = False
) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.state:
        found.append(events.c.state == wanted.state)
    if wanted.type:
        found.append(events.c.type == sanitize(wanted.type))
    if wanted.source is EventSource.WEBHOOK:
        found.append(events.c.deliveries > 0)
    elif wanted.source is EventSource.THIN:
        found.append(events.c.source == EventSource.THIN)
    elif wanted.source is EventSource.POLL:
        found.append(events.c.deliveries == 0)
    if wanted.about:
        found += _about(connection, sanitize(wanted.about))
    elif bounded or len(found) > 1 or wanted.source:
        oldest = _newest_but(connection, SCAN_LIMIT)
        if oldest is not None:
            found.append(events.c.received_at > oldest)
    return found


def _about(connection: Connection, text: str) -> list[ColumnElement[bool]]:
    """Events whose id, or whose object's id, begins with the text, or whose type holds it."""
    matches: list[ColumnElement[bool]] = [
        (column >= text) & (column < text + LAST_CHARACTER)
        for column in (events.c.id, events.c.object_id)
    ]
    if types := [name for name in known_types(connection) if text.lower() in name]:
        matches.append(events.c.type.in_(types))
    some = (select(events.c.id).where(one).limit(PREFIX_LIMIT + 1).subquery() for one in matches)
    ids = connection.scalars(union(*(select(part.c.id) for part in some))).all()
    if len(ids) <= PREFIX_LIMIT:
        return [events.c.id.in_(ids)]
    oldest = _newest_but(connection, SCAN_LIMIT)
    return [or_(*matches), *([events.c.received_at > oldest] if oldest is not None else [])]


def _newest_but(connection: Connection, number: int) -> float | None:
    """When the event arrived that ``number`` others are newer than; None when none is."""
    arrival = select(events.c.received_at).order_by(*_NEWEST_FIRST).offset(number).limit(1)
    return connection.scalar(arrival)


def _newest_relevant(conditions: list[ColumnElement[bool]], limit: int) -> Select[tuple[str]]:
    """The ids of the newest relevant events that match: the newest of each type, from its index,
    and the newest of those."""
    each = (
        select(events.c.received_at, events.c.id)
        .where(events.c.type == name, *conditions)
        .order_by(*_NEWEST_FIRST)
        .limit(limit)
        .subquery()
        for name in TIMELINE_EVENTS
    )
    found = union_all(*(select(part) for part in each)).subquery()
    newest = select(found.c.id).order_by(found.c.received_at.desc(), found.c.id.desc())
    return select(newest.limit(limit).subquery().c.id)


def _count(connection: Connection, *conditions: ColumnElement[bool]) -> int:
    some: Select[tuple[str]] = select(events.c.id).where(*conditions).limit(COUNT_LIMIT + 1)
    return connection.scalar(select(func.count()).select_from(some.subquery())) or 0
