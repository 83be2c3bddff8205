"""Every event that arrived, once, and what became of it; and the deliveries that were refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, or_, select, update

from billing.json_codec import dumps, loads
from billing.safe_text import sanitize
from billing.store.tables import events, rejected_deliveries
from billing.store.upsert import upsert
from billing.stripe_objects import LATEST

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from sqlalchemy import ColumnElement, Connection

    from billing.errors import WebhookRefused

REJECTIONS_KEPT = 1_000
OBJECT_ID_LENGTH = 300


@dataclass(frozen=True)
class Arrival:
    """An event that came at ``at`` (Unix seconds) by ``source``: ``webhook`` or ``poll``.

    ``state`` is what it is kept in when it is new: ``pending``, or ``ignored``.
    """

    event: dict[str, Any]
    source: str
    state: str
    at: float


@dataclass(frozen=True)
class Recorded:
    """What the record says right after an arrival: its state, and how often webhooks brought it."""

    state: str
    deliveries: int


@dataclass(frozen=True)
class Outcome:
    """How handling events went: ``handled``, or ``failed`` with the error in words."""

    event_ids: Collection[str]
    state: str
    at: float
    error: str | None = None


@dataclass(frozen=True)
class Due:
    """An event that waits to be handled. ``object_id`` names what it is about, ``created`` says
    when that was made, in Unix seconds; 0 where it does not tell."""

    id: str
    object_id: str
    created: int

    @classmethod
    def of(cls, event: dict[str, Any]) -> Due:
        return cls(event["id"], object_id(event), _created(event))


def _created(event: dict[str, Any]) -> int:
    created = event["data"]["object"].get("created")
    return created if type(created) is int and 0 < created < LATEST else 0


def object_id(event: dict[str, Any]) -> str:
    """The id of what an event is about; empty where that has none, as a balance."""
    return sanitize(str(event["data"]["object"].get("id") or ""))[:OBJECT_ID_LENGTH]


_record = upsert(
    events,
    lambda statement: statement.on_conflict_do_update(
        index_elements=["id"],
        set_={"deliveries": events.c.deliveries + statement.excluded.deliveries},
    ).returning(events.c.id, events.c.state, events.c.deliveries),
)


def record(connection: Connection, arrivals: Sequence[Arrival]) -> list[Recorded]:
    """Keep each event under its id, and answer what is known of it, in the same order.

    The first arrival sets an event's state; later ones are only counted, if webhooks.
    """
    rows: dict[str, dict[str, Any]] = {}
    for arrival in arrivals:
        row = rows.setdefault(arrival.event["id"], _row(arrival))
        row["deliveries"] += arrival.source == "webhook"
    if not rows:
        return []
    known = {
        row.id: Recorded(row.state, row.deliveries)
        for row in _record(connection, list(rows.values()))
    }
    return [known[arrival.event["id"]] for arrival in arrivals]


def _row(arrival: Arrival) -> dict[str, Any]:
    event = arrival.event
    return {
        "id": event["id"],
        "type": event["type"],
        "created": event["created"],
        "object_id": object_id(event),
        "received_at": arrival.at,
        "source": arrival.source,
        "deliveries": 0,
        "state": arrival.state,
        "attempts": 0,
        "payload": dumps(event),
    }


def settle(connection: Connection, outcomes: Sequence[Outcome]) -> list[None]:
    """Write down how handling went; what is handled already stays so."""
    same: dict[tuple[str, str | None], list[Outcome]] = {}
    for outcome in outcomes:
        same.setdefault((outcome.state, outcome.error), []).append(outcome)
    for (state, error), alike in same.items():
        ids = {event_id for outcome in alike for event_id in outcome.event_ids}
        connection.execute(
            update(events)
            .where(events.c.id.in_(ids), events.c.state != "handled")
            .values(
                state=state,
                error=error,
                settled_at=max(outcome.at for outcome in alike),
                attempts=events.c.attempts + 1,
            )
        )
    return [None] * len(outcomes)


def due(connection: Connection, now: float, delays: tuple[float, ...], limit: int) -> list[Due]:
    """Events to handle now, the oldest first: left pending, or failed and due for another try.

    ``delays`` in seconds: the first is how long a fresh event is left to who received it, the
    others how long to wait after each failure. An event that failed after all of them waits for
    a replay by hand.
    """
    conditions = [(events.c.state == "pending") & _away(events.c.received_at, now, delays[0])] + [
        (events.c.state == "failed")
        & (events.c.attempts == attempt)
        & _away(events.c.settled_at, now, delay)
        for attempt, delay in enumerate(delays[1:], start=1)
    ]
    found: list[Due] = []
    for condition in conditions:
        waiting = select(*_DUE).where(condition).order_by(events.c.received_at).limit(limit)
        found += map(_due, connection.execute(waiting).all())
    return found[:limit]


_DUE = (events.c.id, events.c.object_id, events.c.payload)


def _due(row: Any) -> Due:
    """A payload that cannot be read does not matter much: Stripe is asked about the object."""
    try:
        return Due(row.id, row.object_id, _created(loads(row.payload)))
    except (ValueError, LookupError, TypeError, AttributeError):
        return Due(row.id, row.object_id, 0)


def _away(column: ColumnElement[float], now: float, seconds: float) -> ColumnElement[bool]:
    """At least so long ago; or as far ahead, for somebody has set the clock back since, and
    nothing is to wait until it gets there again."""
    return or_(column <= now - seconds, column >= now + seconds)


def replay(connection: Connection, ids: Iterable[str] | None = None) -> list[Due]:
    """Make events pending again: those named, or all that failed. Answers what to handle."""
    chosen = events.c.state == "failed" if ids is None else events.c.id.in_(list(ids))
    again = (
        update(events)
        .where(chosen, events.c.state != "ignored")
        .values(state="pending", error=None)
        .returning(*_DUE)
    )
    return list(map(_due, connection.execute(again).all()))


def reject(connection: Connection, refused: WebhookRefused, size: int, now: float) -> None:
    """Keep why a delivery was refused, without its contents; the oldest make room."""
    connection.execute(
        insert(rejected_deliveries).values(
            received_at=now, reason=refused.message, next_step=refused.next_step, size=size
        )
    )
    oldest_kept = (
        select(func.max(rejected_deliveries.c.id) - REJECTIONS_KEPT)
        .select_from(rejected_deliveries)
        .scalar_subquery()
    )
    connection.execute(delete(rejected_deliveries).where(rejected_deliveries.c.id <= oldest_kept))
