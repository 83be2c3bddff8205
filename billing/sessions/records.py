"""What is stored about one session: lines of the ledger, events, Stripe's other objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.domain.ledger.pro import Invoice
from billing.domain.sessions.details import RelatedObjects, SessionRecords
from billing.domain.stripe_json import id_at
from billing.store import sessions, stripe_objects
from billing.store.ledger import lines
from billing.store.stripe_objects import ObjectType

if TYPE_CHECKING:
    from billing.domain.ledger.line import LedgerLine
    from billing.domain.stripe_json import JSON
    from billing.store import Connection


def read_lines(connection: Connection, session: JSON) -> tuple[LedgerLine, ...]:
    """The lines of the ledger on what a session (Stripe's object) sold."""
    subject = id_at(session, "subscription") or session["id"]
    found = lines.of_subjects(connection, {subject, session["id"]})
    return found.get(subject) or found.get(session["id"], ())


def read_related(connection: Connection, session: JSON) -> RelatedObjects:
    """What followed the sale of a session (Stripe's object), as far as it is stored."""
    subscription = id_at(session, "subscription")
    invoices, intents = [], {id_at(session, "payment_intent")}
    if subscription:
        invoices = stripe_objects.of_parents(connection, ObjectType.INVOICE, [subscription])
        intents = {one for some in invoices for one in Invoice.from_stripe(some).payment_intents}
    payments = [one for one in intents if one]
    refunds, disputes = (
        stripe_objects.of_parents(connection, kind, payments)
        for kind in (ObjectType.REFUND, ObjectType.DISPUTE)
    )
    return RelatedObjects(
        tuple(refunds),
        tuple(disputes),
        tuple(invoices),
        stripe_objects.load(connection, [subscription]).get(subscription) if subscription else None,
    )


def read_records(connection: Connection, session_id: str, email: str) -> SessionRecords:
    """The lines about the session or others of the customer with this email, and the session's
    events."""
    others = sessions.ids_by_term(connection, [email]) if email else []
    found = lines.of_sessions(connection, {session_id, *others})
    events = [
        one.event
        for stored in sessions.load(connection, [session_id])
        for one in sessions.events_of_session(connection, stored.data)
    ]
    return SessionRecords(tuple(found), tuple(events))


def read_customer_records(connection: Connection, customer: str, object_id: str) -> SessionRecords:
    """The same of a sale that no Checkout Session began: the Customer's lines, and the events
    about an object (its id) and what that names."""
    found = lines.of_customers(connection, [customer])
    events = sessions.events_of_session(connection, {"id": object_id})
    return SessionRecords(tuple(found), tuple(one.event for one in events))
