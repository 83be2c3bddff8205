"""Events from their arrival to the end: recorded once, due, processed, retried, replayed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, or_, select, update

from billing.domain.erasure import anonymize, ids_in
from billing.domain.events.event import SUBJECTS, EventSource, EventState, Subject, subject_of
from billing.domain.events.event_summary import summarize
from billing.domain.events.thin_event import created_at, type_of
from billing.domain.sessions.checkout_session import REFERENCE
from billing.domain.stripe_json import text_at
from billing.domain.stripe_objects import LATEST
from billing.json_codec import dumps, loads
from billing.safe_text import sanitize
from billing.store import committed, erased_ids
from billing.store.tables import REFERENCE_LENGTH, events
from billing.store.upsert import upsert

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from sqlalchemy import ColumnElement, Connection

    from billing.timings import Retries

OBJECT_ID_LENGTH = 300


@dataclass(frozen=True)
class ReceivedEvent:
    """An event (Stripe's object) that arrived ``at`` a time (Unix seconds). ``state`` is that of
    a new one: ``pending`` or ``ignored``."""

    event: dict[str, Any]
    source: EventSource
    state: EventState
    at: float


@dataclass(frozen=True)
class RecordedEvent:
    """An event right after an arrival: its state, and how often webhooks delivered it so far."""

    state: EventState
    deliveries: int


@dataclass(frozen=True)
class ProcessingResult:
    """What became of events: ``handled``, ``ignored``, or ``failed`` with an ``error`` in words.
    ``retries`` say when those are handled again; without them they wait for a replay."""

    event_ids: Collection[str]
    state: EventState
    at: float
    error: str | None = None
    retries: Retries | None = None


@dataclass(frozen=True)
class DueEvent:
    """An event to handle: what it says to look at, by kind and id, when its object was ``created``
    (Unix seconds, 0 where the event does not say), and the ``accounts`` that it happened in, where
    it names any."""

    id: str
    subject: Subject
    subject_id: str
    created: int
    accounts: frozenset[str] = frozenset()

    @classmethod
    def of(cls, event: dict[str, Any]) -> DueEvent:
        """From Stripe's event. Raises ``LookupError`` where that is not handled."""
        about = subject_of(event)
        if about is None:
            raise LookupError(f"{event['id']} says nothing to look at")
        subject, name = about
        return cls(
            event["id"],
            subject,
            sanitize(name)[:OBJECT_ID_LENGTH],
            _created(event),
            accounts_of(event),
        )


def _created(event: dict[str, Any]) -> int:
    created = event["data"]["object"].get("created")
    return created if type(created) is int and 0 < created < LATEST else 0


def accounts_of(event: dict[str, Any]) -> frozenset[str]:
    """The accounts that an event (Stripe's object) says it happened in; most name none.

    https://docs.stripe.com/api/events/object#event_object-context
    """
    # Of an organization the context is a path: org_…/acct_….
    named = (event.get("account"), event.get("context"))
    return frozenset(str(one).rpartition("/")[2] for one in named if one)


def object_id(event: dict[str, Any]) -> str:
    """The id of the object that an event is about; empty where that has none, as a balance."""
    return sanitize(str(event["data"]["object"].get("id") or ""))[:OBJECT_ID_LENGTH]


def reference_of(event: dict[str, Any]) -> str | None:
    """The ``client_reference_id`` of the session that an event's payment belongs to, where its
    metadata names one; None otherwise."""
    reference = text_at(event["data"]["object"], "metadata", REFERENCE)
    return sanitize(reference)[:REFERENCE_LENGTH] if reference else None


_record = upsert(
    events,
    lambda statement: statement.on_conflict_do_update(
        index_elements=["id"],
        set_={"deliveries": events.c.deliveries + statement.excluded.deliveries},
    ).returning(events.c.id, events.c.state, events.c.deliveries),
)


def record(connection: Connection, arrivals: Sequence[ReceivedEvent]) -> list[RecordedEvent]:
    """Store each event once, under its id; what is known of each, in the same order.

    The first arrival sets an event's state and source; later webhooks are counted.
    """
    rows: dict[str, dict[str, Any]] = {}
    for arrival, row in zip(arrivals, _rows(connection, arrivals), strict=True):
        row = rows.setdefault(row["id"], row)
        row["deliveries"] += arrival.source.is_webhook
    if not rows:
        return []
    committed.count(connection, "events_received", (arrival.source for arrival in arrivals))
    known = {
        row.id: RecordedEvent(EventState(row.state), row.deliveries)
        for row in _record(connection, list(rows.values()))
    }
    return [known[arrival.event["id"]] for arrival in arrivals]


_record_past = upsert(events, lambda statement: statement.on_conflict_do_nothing())


def record_processed(connection: Connection, arrivals: Sequence[ReceivedEvent]) -> None:
    """Store events of the past that are known to be dealt with: one that would be ``pending`` is
    ``handled`` since its arrival."""
    rows = []
    for arrival, row in zip(arrivals, _rows(connection, arrivals), strict=True):
        handled = arrival.state is EventState.PENDING
        row |= {
            "deliveries": int(arrival.source.is_webhook),
            "state": EventState.HANDLED if handled else arrival.state,
            "attempts": int(handled),
            "processed_at": arrival.at if handled else None,
        }
        rows.append(row)
    if rows:
        _record_past(connection, rows)


def _rows(connection: Connection, arrivals: Sequence[ReceivedEvent]) -> list[dict[str, Any]]:
    """Payloads are not stored of events that are not handled, and of people who were erased."""
    erased = [False] * len(arrivals)
    if not erased_ids.is_empty(connection):
        about = [ids_in(arrival.event["data"]["object"]) for arrival in arrivals]
        erased = erased_ids.among(connection, about)
    return [_row(one, is_erased=is_erased) for one, is_erased in zip(arrivals, erased, strict=True)]


def _row(arrival: ReceivedEvent, *, is_erased: bool) -> dict[str, Any]:
    event = arrival.event
    left: dict[str, Any] | None = None
    if is_erased or arrival.state is EventState.IGNORED:
        left = anonymize(summarize(event)) if is_erased else summarize(event)
    return {
        "id": event["id"],
        "type": type_of(event),
        "created": created_at(event),
        "object_id": object_id(event),
        "reference": reference_of(left or event),
        "received_at": arrival.at,
        "source": arrival.source,
        "deliveries": 0,
        "state": arrival.state,
        "attempts": 0,
        "payload": dumps(left or event),
        "payload_removed_at": arrival.at if left else None,
    }


def mark_processed(connection: Connection, results: Sequence[ProcessingResult]) -> list[None]:
    """Store what became of events; one that is handled stays handled."""
    alike: dict[tuple[EventState, str | None, Retries | None], list[ProcessingResult]] = {}
    for result in results:
        alike.setdefault((result.state, result.error, result.retries), []).append(result)
    for (state, error, retries), group in alike.items():
        ids = {event_id for result in group for event_id in result.event_ids}
        committed.count(connection, "events_processed", [state] * len(ids))
        at = max(result.at for result in group)
        these = events.c.id.in_(ids) & (events.c.state != EventState.HANDLED)
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
            _schedule_retries(connection, these, retries, at)
    return [None] * len(results)


def _schedule_retries(
    connection: Connection, these: ColumnElement[bool], retries: Retries, at: float
) -> None:
    failing = connection.execute(select(events.c.id, events.c.failing_since).where(these)).all()
    scheduled = [{"event": row.id, "next": retries.next(at, row.failing_since)} for row in failing]
    if scheduled:
        connection.execute(_set_retry, scheduled)


_set_retry = (
    update(events).where(events.c.id == bindparam("event")).values(retry_at=bindparam("next"))
)


def due(connection: Connection, now: float, retries: Retries, limit: int) -> list[DueEvent]:
    """Events to handle ``now`` (Unix seconds): left pending, the oldest first, or failed and to be
    retried, those that wait longest first; ``limit`` at the most."""
    # A time further ahead than any wait was stored before somebody set the clock back.
    received, retry = events.c.received_at, events.c.retry_at
    fresh = or_(received <= now - retries.fresh, received >= now + retries.fresh)
    pending = (events.c.state == EventState.PENDING) & fresh
    found: list[DueEvent] = []
    for condition, *order in (  # each is one range of one index
        (pending, received),
        (retry <= now, retry, received),
        (retry > now + retries.longest, retry, received),
    ):
        waiting = select(*_DUE).where(condition).order_by(*order).limit(limit)
        found += map(_due, connection.execute(waiting).all())
    return found[:limit]


_DUE = (events.c.id, events.c.object_id, events.c.type, events.c.payload)


def _due(row: Any) -> DueEvent:
    # Where the payload cannot be read, Stripe is asked about the object.
    try:
        return DueEvent.of(loads(row.payload) | {"id": row.id, "type": row.type})
    except (ValueError, LookupError, TypeError, AttributeError):
        return DueEvent(row.id, SUBJECTS.get(row.type, Subject.SESSION), row.object_id, 0)


def mark_for_retry(connection: Connection) -> None:
    """Make every event that is to be retried due at once: what they failed for is over."""
    connection.execute(update(events).where(events.c.retry_at > 0).values(retry_at=0))


def mark_for_replay(connection: Connection, ids: Iterable[str] | None = None) -> list[DueEvent]:
    """Make events pending again, those of these ids or all that failed; those to handle now.
    Ignored ones stay as they are."""
    chosen = events.c.state == EventState.FAILED if ids is None else events.c.id.in_(list(ids))
    again = (
        update(events)
        .where(chosen, events.c.state != EventState.IGNORED)
        .values(state=EventState.PENDING, error=None, retry_at=None, failing_since=None)
        .returning(*_DUE)
    )
    return list(map(_due, connection.execute(again).all()))
