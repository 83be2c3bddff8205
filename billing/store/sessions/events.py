"""What Stripe told about a session: every event about it and about what came of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from billing.domain.event import Event
from billing.domain.stripe_json import JSON, id_at, integer_at, object_at, objects_at, text_at
from billing.json_codec import loads
from billing.safe_text import sanitize
from billing.store.events.queries import COLUMNS
from billing.store.readable_rows import read_each
from billing.store.tables import events

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import ColumnElement, Connection

MOST = 200
STEPS_AWAY = 5  # session, subscription, invoice, payment intent, charge
ATTEMPTS_SEARCHED = 2_000
HOUR = 3_600
# Where one object of Stripe's names another that its events are to be looked for by.
NAMED_BY = ("payment_intent", "subscription", "invoice", "setup_intent", "latest_charge",
            "latest_invoice", "charge")  # fmt: skip

FAILED = "checkout.session.async_payment_failed"


@dataclass(frozen=True)
class SessionEvent:
    """An event, the object as it was then, and the API request that caused it, if one did."""

    event: Event
    object: JSON
    request_id: str | None


def events_of_session(
    connection: Connection, session: JSON, reference_key: str
) -> list[SessionEvent]:
    """The events that belong to a session (Stripe's object), in the order in which Stripe made
    them; ``MOST`` at the most.

    Each object names the next one: the session its subscription, that its invoice, and so on. A
    payment that was only tried is known by ``client_reference_id`` in its metadata, under
    ``reference_key``.
    """
    found: dict[str, SessionEvent] = {}
    asked: set[str] = set()
    known = {session["id"], *_named_in(session)}
    if not id_at(session, "payment_intent"):
        known |= _first_attempt(connection, session, reference_key)
    for _ in range(STEPS_AWAY):
        if not (unasked := known - asked) or len(found) >= MOST:
            break
        for told in _read_events(
            connection, events.c.object_id.in_(sorted(unasked)), MOST - len(found)
        ):
            found[told.event.id] = told
            known |= set(_named_in(told.object))
        asked |= unasked
    return sorted(found.values(), key=lambda told: (told.event.created, told.event.received_at))


def payment_has_failed(connection: Connection, session_id: str) -> bool:
    """An event says that the session's delayed payment failed."""
    told = select(events.c.id).where(events.c.object_id == session_id, events.c.type == FAILED)
    return connection.scalar(told.limit(1)) is not None


def _named_in(stripe_object: JSON) -> Iterator[str]:
    waiting = [stripe_object]
    while waiting:
        found = waiting.pop()
        for name in NAMED_BY:
            if named := id_at(found, name):
                yield named
        nested = [object_at(found, name) for name in (*NAMED_BY, "last_payment_error", "payment")]
        payments = objects_at(found, "payments")
        yield from filter(None, map(id_at, payments))
        waiting += [one for one in (*nested, *payments) if one]


def _first_attempt(connection: Connection, session: JSON, reference_key: str) -> set[str]:
    """The PaymentIntent that was tried for a session that does not name it yet."""
    reference, created = text_at(session, "client_reference_id"), integer_at(session, "created")
    if not reference or created is None or session.get("mode") != "payment":
        return set()
    arrival, now = events.c.received_at, time.time()
    rows = select(events.c.object_id, events.c.payload).where(
        events.c.type == "payment_intent.created"
    )
    if created <= now:
        rows = rows.where(arrival >= created - HOUR).order_by(arrival)
    else:  # a sandbox's clock can be ahead of ours, by which arrivals are kept
        rows = rows.order_by(arrival.desc())
    rows_looked_at = rows.limit(ATTEMPTS_SEARCHED).subquery()
    said = rows_looked_at.c.payload.contains(
        f'"{reference_key}":"{sanitize(reference)}"', autoescape=True
    )
    return set(connection.scalars(select(rows_looked_at.c.object_id).where(said)))


def _read_events(
    connection: Connection, condition: ColumnElement[bool], limit: int
) -> list[SessionEvent]:
    payload = events.c.payload.label("payload")
    rows = select(*COLUMNS, payload).where(condition).order_by(events.c.created).limit(limit)
    return read_each(connection.execute(rows).all(), _session_event)


def _session_event(row: Any) -> SessionEvent:
    sent = loads(row.payload)
    # Before 2017 `request` was the id itself. https://docs.stripe.com/upgrades#2017-05-25
    request_id = id_at(sent, "request")
    return SessionEvent(Event(*tuple(row)[:-1]), object_at(sent, "data", "object"), request_id)
