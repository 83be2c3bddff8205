"""The events of one session: about it, its payments, its subscription and their invoices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from billing.domain.events.event import TEST_IDS, Event
from billing.domain.events.event_summary import related_ids
from billing.domain.events.thin_event import request_id
from billing.domain.stripe_json import JSON, id_at, object_at
from billing.json_codec import loads
from billing.store.events.queries import EVENT, event_of
from billing.store.readable_rows import read_each
from billing.store.sessions.declines import reference_of
from billing.store.tables import events

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import ColumnElement, Connection

LIMIT = 200
DEPTH = 5  # session, subscription, invoice, payment intent, charge
DELAYED_PAYMENT_FAILED = "checkout.session.async_payment_failed"


@dataclass(frozen=True)
class SessionEvent:
    """An event, the object that it is about as that was then, and the id of the API request that
    caused it, if one did. ``previous`` are the attributes that it changed, as they were before.
    https://docs.stripe.com/api/events/object#event_object-data-previous_attributes"""

    event: Event
    object: JSON
    request_id: str | None
    previous: JSON


def events_of_session(
    connection: Connection, session: JSON, followed_by: Collection[str] = ()
) -> list[SessionEvent]:
    """The events that belong to a session (Stripe's object), in the order in which Stripe created
    them: the first ``LIMIT``, and the last ``LIMIT`` of the objects (their ids) that the sale was
    ``followed_by``.

    They are found by the ids that one object names of another. A session names no payment that
    failed; its PaymentIntent has the session's ``client_reference_id`` in its metadata.
    """
    found: dict[str, SessionEvent] = {}
    queried: set[str] = set()
    known = {session["id"], *related_ids(session)}
    if not id_at(session, "payment_intent"):
        known |= _attempted_payments(connection, session)
    for _ in range(DEPTH):
        if not (ids := known - queried) or len(found) >= LIMIT:
            break
        for event in _read_events(
            connection, events.c.object_id.in_(sorted(ids)), LIMIT - len(found)
        ):
            found[event.event.id] = event
            known |= set(related_ids(event.object))
        queried |= ids
    after = events.c.object_id.in_(sorted(followed_by))
    for event in _read_events(connection, after, LIMIT, newest=True) if followed_by else ():
        found[event.event.id] = event
    return sorted(found.values(), key=lambda one: (one.event.created, one.event.received_at))


def payment_has_failed(connection: Connection, session_id: str) -> bool:
    """Whether an event says that the session's delayed payment failed."""
    failed = select(events.c.id).where(
        events.c.object_id == session_id,
        events.c.type == DELAYED_PAYMENT_FAILED,
        *(~events.c.id.startswith(prefix, autoescape=True) for prefix in TEST_IDS),
    )
    return connection.scalar(failed.limit(1)) is not None


def _attempted_payments(connection: Connection, session: JSON) -> set[str]:
    """The ids of PaymentIntents that were attempted for a session that names none yet."""
    if not (reference := reference_of(session)):
        return set()
    attempts = select(events.c.object_id).where(
        events.c.reference == reference, events.c.type.startswith("payment_intent.")
    )
    return set(connection.scalars(attempts.limit(LIMIT)))


def _read_events(
    connection: Connection, condition: ColumnElement[bool], limit: int, *, newest: bool = False
) -> list[SessionEvent]:
    payload = events.c.payload.label("payload")
    order = events.c.created.desc() if newest else events.c.created
    rows = select(*EVENT, payload).where(condition).order_by(order).limit(limit)
    return read_each(connection.execute(rows).all(), _session_event)


def _session_event(row: Any) -> SessionEvent:
    sent = loads(row.payload)
    return SessionEvent(
        event_of(row),
        object_at(sent, "data", "object"),
        request_id(sent),
        object_at(sent, "data", "previous_attributes"),
    )
