"""Questions about the events that arrived and the deliveries that were refused.

Each looks at a bounded number of rows, so that it is quick however many there are.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select, tuple_, union

from billing.domain.event import COUNTED, STATES, WEBHOOK, Cursor, Event, EventFilter
from billing.safe_text import sanitize
from billing.store.events import refusals
from billing.store.tables import (
    LAST_CHARACTER,
    checkout_sessions,
    events,
    grants,
)

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Select

# A question that no single index answers looks at so many of the newest events, no further.
LOOKED_AT = 20_000
MATCHED = 1_000
TYPES_AT_MOST = 200


@dataclass(frozen=True)
class EventPage:
    """Events, the newest arrival first; ``has_older`` when more lie below the last."""

    events: tuple[Event, ...]
    has_older: bool


@dataclass(frozen=True)
class Counts:
    """How many events there are in each state, and how many refused deliveries are known.
    A number over ``COUNTED`` means that many and more."""

    states: dict[str, int]
    refused: int


COLUMNS = [events.c[field.name] for field in fields(Event) if field.name != "ours"]
_ROWS = select(*COLUMNS, checkout_sessions.c.ours).outerjoin(
    checkout_sessions, checkout_sessions.c.id == events.c.object_id
)
_NEWEST_FIRST = (events.c.received_at.desc(), events.c.id.desc())


def latest(
    connection: Connection, wanted: EventFilter, limit: int, below: Cursor | None = None
) -> EventPage:
    """The newest events that match, or those below a place."""
    rows = _ROWS.where(*_conditions(connection, wanted))
    if below:
        here = tuple_(events.c.received_at, events.c.id)
        rows = rows.where(here < (below.received_at, below.id))
    found = connection.execute(rows.order_by(*_NEWEST_FIRST).limit(limit + 1)).all()
    return EventPage(tuple(Event(*row) for row in found[:limit]), len(found) > limit)


def one(connection: Connection, event_id: str) -> Event | None:
    """The event of this id, if it arrived."""
    row = connection.execute(_ROWS.where(events.c.id == sanitize(event_id))).first()
    return Event(*row) if row else None


def payload(connection: Connection, event_id: str) -> str | None:
    """What Stripe sent, as JSON text."""
    sent = select(events.c.payload).where(events.c.id == sanitize(event_id))
    found: str | None = connection.scalar(sent)
    return found


def counts(connection: Connection, wanted: EventFilter) -> Counts:
    """How many match in each state; the filter's own state does not count."""
    refused = refusals.count_since(connection)
    if wanted.way or wanted.type or wanted.about:
        matching = (
            select(events.c.state)
            .where(*_conditions(connection, EventFilter(None, *_rest(wanted)), bounded=True))
            .subquery()
        )
        number = func.count().label("number")
        grouped = select(matching.c.state, number).group_by(matching.c.state)
        found = {row.state: row.number for row in connection.execute(grouped)}
    else:
        found = {state: _counted(connection, events.c.state == state) for state in STATES}
    return Counts({state: found.get(state, 0) for state in STATES}, refused)


def failed(connection: Connection) -> int:
    """How many events failed, whatever the filter; over ``COUNTED`` that many and more."""
    return _counted(connection, events.c.state == "failed")


def types(connection: Connection) -> list[str]:
    """The types of event that have arrived, in order."""
    # From each type straight to the next one in the index, never over all events.
    first = select(func.min(events.c.type).label("type")).cte(recursive=True)
    following = (
        select(func.min(events.c.type))
        .where(events.c.type > first.c.type)
        .correlate(first)
        .scalar_subquery()
    )
    steps = first.union_all(select(following).where(first.c.type.is_not(None)))
    found = connection.scalars(select(steps.c.type).limit(TYPES_AT_MOST))
    return [name for name in found if name is not None]


def returns_since(connection: Connection, moment: float, until: float) -> int:
    """How many paid sessions the landing page settled in between, with no event to tell of it."""
    between = (grants.c.granted_at > moment) & (grants.c.granted_at <= until)
    return (
        connection.scalar(
            select(func.count()).select_from(grants).where(between, grants.c.cause == "return")
        )
        or 0
    )


def _rest(wanted: EventFilter) -> tuple[str | None, str | None, str | None]:
    return wanted.way, wanted.type, wanted.about


def _conditions(
    connection: Connection, wanted: EventFilter, *, bounded: bool = False
) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.state:
        found.append(events.c.state == sanitize(wanted.state))
    if wanted.type:
        found.append(events.c.type == sanitize(wanted.type))
    if wanted.way:
        found.append(events.c.deliveries > 0 if wanted.way == WEBHOOK else events.c.deliveries == 0)
    if wanted.about:
        found += _about(connection, sanitize(wanted.about))
    elif bounded or len(found) > 1 or wanted.way:
        floor = _arrival_of(connection, LOOKED_AT)
        if floor is not None:
            found.append(events.c.received_at > floor)
    return found


def _about(connection: Connection, text: str) -> list[ColumnElement[bool]]:
    """Events whose id begins with the text, or that of the object they are about. Of more than
    ``MATCHED`` those among the newest alone."""
    begins = [
        (column >= text) & (column < text + LAST_CHARACTER)
        for column in (events.c.id, events.c.object_id)
    ]
    some = (select(events.c.id).where(one).limit(MATCHED + 1).subquery() for one in begins)
    ids = connection.scalars(union(*(select(part.c.id) for part in some))).all()
    if len(ids) <= MATCHED:
        return [events.c.id.in_(ids)]
    floor = _arrival_of(connection, LOOKED_AT)
    return [or_(*begins), *([events.c.received_at > floor] if floor is not None else [])]


def _arrival_of(connection: Connection, number: int) -> float | None:
    """When the newest but ``number`` arrived; None when there are not so many."""
    there = select(events.c.received_at).order_by(*_NEWEST_FIRST).offset(number).limit(1)
    return connection.scalar(there)


def _counted(connection: Connection, condition: ColumnElement[bool]) -> int:
    some: Select[tuple[str]] = select(events.c.id).where(condition).limit(COUNTED + 1)
    return connection.scalar(select(func.count()).select_from(some.subquery())) or 0
