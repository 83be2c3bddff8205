"""Every event that arrived, once, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, or_, select, update

from billing.domain.stripe_objects import LATEST
from billing.json_codec import dumps, loads
from billing.safe_text import sanitize
from billing.store.tables import events
from billing.store.upsert import upsert

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from sqlalchemy import ColumnElement, Connection

    from billing.timings import Retries

OBJECT_ID_LENGTH = 300


@dataclass(frozen=True)
class ReceivedEvent:
    """An event that came at ``at`` (Unix seconds) by ``source``: ``webhook`` or ``poll``.

    ``state`` is what it is kept in when it is new: ``pending``, or ``ignored``.
    """

    event: dict[str, Any]
    source: str
    state: str
    at: float


@dataclass(frozen=True)
class RecordedEvent:
    """What the record says right after an arrival: its state, and how often webhooks brought it."""

    state: str
    deliveries: int


@dataclass(frozen=True)
class ProcessingResult:
    """How handling events went: ``handled``, ``failed`` with the error in words, or ``ignored``.
    ``retries`` say when to try again; without them, nothing is."""

    event_ids: Collection[str]
    state: str
    at: float
    error: str | None = None
    retries: Retries | None = None


@dataclass(frozen=True)
class DueEvent:
    """An event that waits to be handled. ``object_id`` names what it is about, ``created`` says
    when that was made, in Unix seconds; 0 where it does not tell. ``accounts`` are those that it
    names as its own."""

    id: str
    object_id: str
    created: int
    accounts: frozenset[str] = frozenset()

    @classmethod
    def of(cls, event: dict[str, Any]) -> DueEvent:
        return cls(event["id"], object_id(event), _created(event), accounts_of(event))


def _created(event: dict[str, Any]) -> int:
    created = event["data"]["object"].get("created")
    return created if type(created) is int and 0 < created < LATEST else 0


def accounts_of(event: dict[str, Any]) -> frozenset[str]:
    """The accounts that an event says it happened in; none in most.

    Of an organization the context names the way there: ``org_…/acct_…``.
    """
    named = (event.get("account"), event.get("context"))
    return frozenset(str(one).rpartition("/")[2] for one in named if one)


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


def record(connection: Connection, arrivals: Sequence[ReceivedEvent]) -> list[RecordedEvent]:
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
        row.id: RecordedEvent(row.state, row.deliveries)
        for row in _record(connection, list(rows.values()))
    }
    return [known[arrival.event["id"]] for arrival in arrivals]


def _row(arrival: ReceivedEvent) -> dict[str, Any]:
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


def mark_processed(connection: Connection, outcomes: Sequence[ProcessingResult]) -> list[None]:
    """Write down how handling went; what is handled already stays so."""
    same: dict[tuple[str, str | None, Retries | None], list[ProcessingResult]] = {}
    for outcome in outcomes:
        same.setdefault((outcome.state, outcome.error, outcome.retries), []).append(outcome)
    for (state, error, retries), alike in same.items():
        ids = {event_id for outcome in alike for event_id in outcome.event_ids}
        at = max(outcome.at for outcome in alike)
        these = events.c.id.in_(ids) & (events.c.state != "handled")
        connection.execute(
            update(events)
            .where(these)
            .values(
                state=state,
                error=error,
                processed_at=at,
                attempts=events.c.attempts + 1,
                retry_at=None,
                failing_since=func.coalesce(events.c.failing_since, at) if retries else None,
            )
        )
        if retries:
            _plan(connection, these, retries, at)
    return [None] * len(outcomes)


def _plan(connection: Connection, these: ColumnElement[bool], retries: Retries, at: float) -> None:
    """Write down when to try them again."""
    failing = connection.execute(select(events.c.id, events.c.failing_since).where(these)).all()
    planned = [{"event": row.id, "next": retries.next(at, row.failing_since)} for row in failing]
    if planned:
        connection.execute(_plan_retry, planned)


_plan_retry = (
    update(events).where(events.c.id == bindparam("event")).values(retry_at=bindparam("next"))
)


def due(connection: Connection, now: float, retries: Retries, limit: int) -> list[DueEvent]:
    """Events to handle now, the oldest first: left pending, or failed and due for another try.

    What lies further ahead than any wait is from before somebody set the clock back, and is not
    to wait until it gets there again.
    """
    received, retry = events.c.received_at, events.c.retry_at
    fresh = or_(received <= now - retries.fresh, received >= now + retries.fresh)
    again = or_(retry <= now, retry > now + retries.longest)
    found: list[DueEvent] = []
    for condition in ((events.c.state == "pending") & fresh, again):
        waiting = select(*_DUE).where(condition).order_by(events.c.received_at).limit(limit)
        found += map(_due, connection.execute(waiting).all())
    return found[:limit]


_DUE = (events.c.id, events.c.object_id, events.c.payload)


def _due(row: Any) -> DueEvent:
    """A payload that cannot be read does not matter much: Stripe is asked about the object."""
    try:
        event = loads(row.payload)
        return DueEvent(row.id, row.object_id, _created(event), accounts_of(event))
    except (ValueError, LookupError, TypeError, AttributeError):
        return DueEvent(row.id, row.object_id, 0)


def mark_for_retry(connection: Connection) -> None:
    """Have all that is to be tried again tried at once: what they failed for is over."""
    connection.execute(update(events).where(events.c.retry_at > 0).values(retry_at=0))


def mark_for_replay(connection: Connection, ids: Iterable[str] | None = None) -> list[DueEvent]:
    """Make events pending again: those named, or all that failed. Answers what to handle."""
    chosen = events.c.state == "failed" if ids is None else events.c.id.in_(list(ids))
    again = (
        update(events)
        .where(chosen, events.c.state != "ignored")
        .values(state="pending", error=None, retry_at=None, failing_since=None)
        .returning(*_DUE)
    )
    return list(map(_due, connection.execute(again).all()))
