"""Reads all that is stored of one customer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.customers.records import (
    CustomerRecords,
    Owner,
    load_records,
    sessions_of_customers,
    sessions_of_guests,
)
from billing.domain.customers.details import (
    CustomerDetails,
    CustomerInvoice,
    CustomerPayment,
    CustomerSubscription,
    LedgerEntry,
    PaymentDispute,
)
from billing.domain.ledger.line import total
from billing.domain.ledger.pro import Invoice
from billing.domain.ledger.refunds import Refund
from billing.domain.stripe_json import id_at, subscription_of
from billing.store import customers, events
from billing.store.stripe_objects import as_email

if TYPE_CHECKING:
    from collections.abc import Iterator

    from billing.domain.customers.customer import Customer
    from billing.domain.stripe_json import JSON
    from billing.store import Connection

_DASHBOARD = "https://dashboard.stripe.com/test/customers/"


def read_details(
    connection: Connection, key: str, *, with_dashboard: bool
) -> CustomerDetails | None:
    """The customer of this ``key``, or the one Customer with this email; None when there is none.
    ``with_dashboard``: Stripe's own Dashboard shows them."""
    customer = customers.get(connection, key) or _only_one_with(connection, as_email(key))
    if customer is None:
        return None
    ids = {customer.customer} if customer.customer else set()
    emails = {customer.email} if customer.email else set()
    rivals = customers.with_emails(connection, emails, [customer.key]).get(customer.email or "")
    own = sessions_of_customers(connection, ids)
    takes_guests = not (customer.customer and rivals)
    guests = sessions_of_guests(connection, emails) if takes_guests else {}
    owner = Owner(customer.key, customer.customer, customer.email)
    records = load_records(connection, [owner], own, guests)[customer.key]
    types = events.types_of(connection, [line.origin for line in records.lines])
    invoices = {one["id"]: CustomerInvoice.from_stripe(one) for one in records.invoices}
    return CustomerDetails(
        customer=customer,
        entries=tuple(
            LedgerEntry(line, types.get(line.origin)) for line in reversed(records.lines)
        ),
        sessions=tuple(one.session for one in reversed(records.sessions)),
        subscriptions=tuple(reversed(list(_subscriptions(records, invoices)))),
        invoices=tuple(reversed(invoices.values())),
        payments=tuple(sorted(_payments(records), key=lambda one: one.at, reverse=True)),
        same_email=rivals.number if rivals else 0,
        dashboard_url=f"{_DASHBOARD}{customer.customer}"
        if with_dashboard and customer.customer
        else None,
    )


def _only_one_with(connection: Connection, email: str) -> Customer | None:
    if guest := customers.get(connection, email):
        return guest
    found = customers.with_emails(connection, [email], []).get(email)
    return customers.get(connection, min(found.keys)) if found and found.number == 1 else None


def _subscriptions(
    records: CustomerRecords, invoices: dict[str, CustomerInvoice]
) -> Iterator[CustomerSubscription]:
    for data in records.subscriptions:
        theirs = sorted(
            (line for line in records.lines if line.subject == data["id"]),
            key=lambda line: line.sequence,
        )
        gives_pro = total(theirs).quantity > 0
        yield CustomerSubscription.from_stripe(data, invoices, gives_pro=gives_pro)


def _payments(records: CustomerRecords) -> Iterator[CustomerPayment]:
    """The payments of paid sessions, and of invoices; the first invoice of a subscription is the
    payment of its session."""
    known = {one["id"] for one in records.invoices}
    sold_by = {id_at(one.data, "invoice"): one for one in records.sessions}
    for stored in records.sessions:
        session = stored.session
        if not (session.is_paid and session.currency) or id_at(stored.data, "invoice") in known:
            continue
        yield _payment(
            records,
            at=stored.completed_at or session.created,
            amount=session.amount_total or 0,
            currency=session.currency,
            what=session.what,
            payment_intent=id_at(stored.data, "payment_intent"),
            session_id=session.id,
            subscription=id_at(stored.data, "subscription"),
        )
    for data in records.invoices:
        invoice = Invoice.from_stripe(data)
        if not invoice.amount_paid:
            continue
        began = sold_by.get(invoice.id)
        yield _payment(
            records,
            at=CustomerInvoice.from_stripe(data).created,
            amount=invoice.amount_paid,
            currency=invoice.currency or "usd",
            what=began.session.what if began else "Pro plan, renewal",
            payment_intent=min(invoice.payment_intents, default=None),
            session_id=began.session.id if began else None,
            invoice=invoice.id,
            subscription=subscription_of(data),
        )


def _payment(
    records: CustomerRecords,
    *,
    at: int,
    amount: int,
    currency: str,
    what: str,
    payment_intent: str | None,
    session_id: str | None,
    subscription: str | None,
    invoice: str | None = None,
) -> CustomerPayment:
    def of_it(objects: list[JSON]) -> list[JSON]:
        return [one for one in objects if id_at(one, "payment_intent") == payment_intent]

    return CustomerPayment(
        at=at,
        amount=amount,
        currency=currency,
        what=what,
        payment_intent=payment_intent,
        session_id=session_id,
        invoice=invoice,
        subscription=subscription,
        refunds=tuple(map(Refund.from_stripe, of_it(records.refunds))),
        disputes=tuple(map(PaymentDispute.from_stripe, of_it(records.disputes))),
    )
