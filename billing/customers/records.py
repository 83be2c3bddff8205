"""What is stored of customers: their sessions, ledger lines, and Stripe's objects.

All functions take the caller's transaction.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from billing.domain.ledger.pro import Invoice
from billing.domain.stripe_json import JSON, id_at, text_at
from billing.store import erased_ids, sessions, stripe_objects
from billing.store.ledger import lines
from billing.store.stripe_objects import ObjectType, as_email

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from billing.domain.ledger.line import LedgerLine
    from billing.store import Connection
    from billing.store.sessions import StoredSession

_AT_ONCE = 5_000
OwnSessions = dict[str, list["StoredSession"]]


@dataclass(frozen=True)
class Owner:
    """Whose records: a ``customer`` (id), and the guest payments of an ``email``, where either is
    given."""

    key: str
    customer: str | None = None
    email: str | None = None


@dataclass(frozen=True)
class CustomerRecords:
    """All that is stored of one customer. The lists are Stripe's objects, the oldest first;
    ``lines`` are in their order, too."""

    customer: JSON | None = None
    sessions: list[StoredSession] = field(default_factory=list)
    lines: list[LedgerLine] = field(default_factory=list)
    subscriptions: list[JSON] = field(default_factory=list)
    invoices: list[JSON] = field(default_factory=list)
    refunds: list[JSON] = field(default_factory=list)
    disputes: list[JSON] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Nothing is known of them."""
        return not (self.customer or self.sessions or self.lines or self.subscriptions)


def sessions_of_customers(connection: Connection, customers: Collection[str]) -> OwnSessions:
    """The sessions of these Customers (ids), by the id, with those that they paid as guests before
    they were erased."""
    found: OwnSessions = {}
    erased = erased_ids.sessions_of(connection, customers)
    for one in load_sessions(connection, erased):
        found.setdefault(erased[one.session.id], []).append(one)
    for one in sessions_found_by(connection, customers):
        if (customer := id_at(one.data, "customer")) in customers and customer:
            found.setdefault(customer, []).append(one)
    return found


def sessions_of_guests(connection: Connection, emails: Collection[str]) -> OwnSessions:
    """The sessions without a Customer that these emails were given in, by the email."""
    found: OwnSessions = {}
    for one in sessions_found_by(connection, emails):
        email = as_email(one.session.customer_email or "")
        if email in emails and not id_at(one.data, "customer"):
            found.setdefault(email, []).append(one)
    return found


def sessions_found_by(connection: Connection, terms: Collection[str]) -> list[StoredSession]:
    """The sessions that are found by exactly one of these terms."""
    chosen = sorted(terms)
    ids = {
        session_id
        for start in range(0, len(chosen), _AT_ONCE)
        for session_id in sessions.ids_by_term(connection, chosen[start : start + _AT_ONCE])
    }
    return load_sessions(connection, ids)


def load_sessions(connection: Connection, ids: Iterable[str]) -> list[StoredSession]:
    """The sessions of these ids, as far as they are stored."""
    chosen = sorted(ids)
    return [
        one
        for start in range(0, len(chosen), _AT_ONCE)
        for one in sessions.load(connection, chosen[start : start + _AT_ONCE])
    ]


def email_of(customer: JSON | None, own: Iterable[StoredSession]) -> str | None:
    """The email of a Customer: as Stripe's object says, where it is stored, else of their newest
    session. In lower case."""
    if customer is not None:
        email = text_at(customer, "email")
    else:
        given = [one.session for one in own if one.session.customer_email]
        newest = max(given, key=lambda one: (one.created, one.id), default=None)
        email = newest.customer_email if newest else None
    return as_email(email) if email else None


def load_records(
    connection: Connection,
    owners: Collection[Owner],
    own: Mapping[str, list[StoredSession]],
    guests: Mapping[str, list[StoredSession]],
) -> dict[str, CustomerRecords]:
    """What is stored of each of the owners, by their keys. ``own`` are the sessions of their
    Customers by id, ``guests`` those of their emails."""
    customers = [one.customer for one in owners if one.customer]
    objects = stripe_objects.load(connection, customers)
    found: dict[str, CustomerRecords] = {}
    by_customer: dict[str, str] = {}
    by_session: dict[str, str] = {}
    for one in owners:
        theirs = [*own.get(one.customer or "", []), *guests.get(one.email or "", [])]
        found[one.key] = CustomerRecords(
            customer=objects.get(one.customer or ""),
            sessions=sorted(theirs, key=lambda stored: stored.session.created),
        )
        by_session |= {stored.session.id: one.key for stored in theirs}
        if one.customer:
            by_customer[one.customer] = one.key
    _add_lines(connection, found, by_customer, by_session)
    _add_objects(connection, found, by_customer)
    return found


def _add_lines(
    connection: Connection,
    found: Mapping[str, CustomerRecords],
    by_customer: Mapping[str, str],
    by_session: Mapping[str, str],
) -> None:
    known = {
        (line.subject, line.sequence): line
        for line in (
            *lines.of_customers(connection, list(by_customer)),
            *_lines_of_sessions(connection, list(by_session)),
        )
    }
    for line in sorted(known.values(), key=lambda one: (one.at, one.subject, one.sequence)):
        key = by_customer.get(line.customer or "") or by_session.get(line.session_id or "")
        if key:
            found[key].lines.append(line)


def _lines_of_sessions(connection: Connection, ids: list[str]) -> Iterable[LedgerLine]:
    for start in range(0, len(ids), _AT_ONCE):
        yield from lines.of_sessions(connection, ids[start : start + _AT_ONCE])


def _add_objects(
    connection: Connection, found: Mapping[str, CustomerRecords], by_customer: Mapping[str, str]
) -> None:
    customers = list(by_customer)
    for kind in (ObjectType.SUBSCRIPTION, ObjectType.INVOICE):
        for one in stripe_objects.of_customers(connection, kind, customers):
            key = by_customer.get(id_at(one, "customer") or "")
            if key and text_at(one, "id"):  # else it is damaged
                theirs = found[key]
                is_invoice = kind is ObjectType.INVOICE
                (theirs.invoices if is_invoice else theirs.subscriptions).append(one)
    paid_by: defaultdict[str, list[CustomerRecords]] = defaultdict(list)
    for records in found.values():
        for intent in payment_intents(records):
            paid_by[intent].append(records)
    for refund in stripe_objects.of_parents(connection, ObjectType.REFUND, paid_by):
        for records in paid_by[id_at(refund, "payment_intent") or ""]:
            records.refunds.append(refund)
    for dispute in stripe_objects.of_parents(connection, ObjectType.DISPUTE, paid_by):
        for records in paid_by[id_at(dispute, "payment_intent") or ""]:
            records.disputes.append(dispute)


def payment_intents(records: CustomerRecords) -> set[str]:
    """The PaymentIntents of their sessions and invoices."""
    of_sessions = {id_at(one.data, "payment_intent") for one in records.sessions}
    of_invoices = {
        intent
        for invoice in records.invoices
        for intent in Invoice.from_stripe(invoice).payment_intents
    }
    return {one for one in of_sessions | of_invoices if one}
