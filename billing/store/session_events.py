"""What Stripe told about a session: every event about it and about what came of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from billing.json_codec import loads
from billing.safe_text import sanitize
from billing.store.damaged import read_each
from billing.store.event_queries import Event
from billing.store.tables import events

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import ColumnElement, Connection

MOST = 200
STEPS_AWAY = 5  # session, subscription, invoice, payment intent, charge
FIRST_TRIES = 2_000
HOUR = 3_600
# Where one object of Stripe's names another that its events are to be looked for by.
NAMED_BY = ("payment_intent", "subscription", "invoice", "setup_intent", "latest_charge",
            "latest_invoice", "charge")  # fmt: skip

JSON = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """An event, the object as it was then, and the API request that caused it, if one did."""

    event: Event
    object: JSON
    request_id: str | None


def told_of(connection: Connection, session: JSON, reference_key: str) -> list[Told]:
    """The events that belong to a session (Stripe's object), in the order in which Stripe made
    them; ``MOST`` at the most.

    Each object names the next one: the session its subscription, that its invoice, and so on. A
    payment that was only tried is known by ``client_reference_id`` in its metadata, under
    ``reference_key``.
    """
    found: dict[str, Told] = {}
    asked: set[str] = set()
    known = {session["id"], *_named_in(session)}
    if not session.get("payment_intent"):
        known |= _first_try(connection, session, reference_key)
    for _ in range(STEPS_AWAY):
        if not (unasked := known - asked) or len(found) >= MOST:
            break
        for told in _told(connection, events.c.object_id.in_(sorted(unasked)), MOST - len(found)):
            found[told.event.id] = told
            known |= set(_named_in(told.object))
        asked |= unasked
    return sorted(found.values(), key=lambda told: (told.event.created, told.event.received_at))


def _named_in(stripe_object: JSON) -> Iterator[str]:
    for name in NAMED_BY:
        named = stripe_object.get(name)
        if isinstance(named, dict):
            yield str(named.get("id", ""))
            yield from _named_in(named)
        elif isinstance(named, str):
            yield named
    for inside in ("last_payment_error", "payment"):
        if isinstance(nested := stripe_object.get(inside), dict):
            yield from _named_in(nested)
    if isinstance(payments := stripe_object.get("payments"), dict):
        for payment in payments.get("data", ()):
            yield str(payment.get("id", ""))
            yield from _named_in(payment)


def _first_try(connection: Connection, session: JSON, reference_key: str) -> set[str]:
    """The PaymentIntent that was tried for a session that does not name it yet."""
    reference = session.get("client_reference_id")
    if not reference or session.get("mode") != "payment":
        return set()
    arrival, now = events.c.received_at, time.time()
    rows = select(events.c.object_id, events.c.payload).where(
        events.c.type == "payment_intent.created"
    )
    if session["created"] <= now:
        rows = rows.where(arrival >= session["created"] - HOUR).order_by(arrival)
    else:  # a sandbox's clock can be ahead of ours, by which arrivals are kept
        rows = rows.order_by(arrival.desc())
    rows_looked_at = rows.limit(FIRST_TRIES).subquery()
    said = rows_looked_at.c.payload.contains(
        f'"{reference_key}":"{sanitize(reference)}"', autoescape=True
    )
    return set(connection.scalars(select(rows_looked_at.c.object_id).where(said)))


def _told(connection: Connection, condition: ColumnElement[bool], limit: int) -> list[Told]:
    payload = events.c.payload.label("payload")
    columns = [column for column in events.c if column.name != "payload"]
    rows = select(*columns, payload).where(condition).order_by(events.c.created).limit(limit)
    return read_each(connection.execute(rows).all(), _told_by)


def _told_by(row: Any) -> Told:
    sent = loads(row.payload)
    request = sent.get("request") or {}
    return Told(Event(*tuple(row)[:-1]), sent["data"]["object"], request.get("id"))
