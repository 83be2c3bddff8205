"""Who a customer is, and what is theirs; of the database alone.

A payment without a Customer belongs to its email, and counts as a Customer's where exactly one has
that email. All functions take the caller's transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.domain.ledger.entitlements import Entitlements, credits_in, pro_access
from billing.domain.stripe_json import text_at
from billing.ledger.records import pro_states
from billing.safe_text import sanitize
from billing.store import erased_ids, sessions, stripe_objects
from billing.store.ledger import lines
from billing.store.stripe_objects import ObjectType

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from billing.domain.ledger.line import LedgerLine
    from billing.domain.ledger.pro import ProState
    from billing.domain.sessions.line_item import SoldPrice
    from billing.store import Connection


def entitlements_of_customer(connection: Connection, customer: str) -> Entitlements:
    """What this Customer (id) has, whether they are known or not."""
    customer = sanitize(customer)
    own = lines.of_customers(connection, [customer])
    email = email_of(connection, customer, own)
    sold = lines.of_email(connection, email) if email else []
    is_theirs = bool(email) and customers_with_email(connection, email or "", sold) == [customer]
    guests = [line for line in sold if line.customer is None and is_theirs]
    paid = erased_ids.sessions_of(connection, [customer])
    erased = lines.of_sessions(connection, list(paid)) if paid else []
    return _entitlements(connection, [customer], customer, email, [*own, *guests, *erased])


def entitlements_of_email(connection: Connection, email: str) -> Entitlements:
    """What all Customers with this email have, and who paid with it without one."""
    email = sanitize(email.strip())
    sold = lines.of_email(connection, email)
    customers = customers_with_email(connection, email, sold)
    theirs = lines.of_customers(connection, customers)
    guests = [line for line in sold if line.customer is None]
    customer = customers[0] if len(customers) == 1 else None
    return _entitlements(connection, customers, customer, email, [*theirs, *guests])


def customers_with_email(
    connection: Connection, email: str, sold: Sequence[LedgerLine] | None = None
) -> list[str]:
    """The ids of the Customers with this email, without regard to case: as Stripe has it now, and
    of those of whom only payments are stored, as it was then. ``sold`` are the lines of the
    email, where they have been read."""
    if sold is None:
        sold = lines.of_email(connection, email)
    stored = [one["id"] for one in stripe_objects.customers_with_email(connection, email)]
    paid = {line.customer for line in sold if line.customer} - set(stored)
    return stored + sorted(paid - stripe_objects.load(connection, paid).keys())


def is_known(connection: Connection, customer: str) -> bool:
    """The Customer (id) is stored, or a payment of theirs."""
    stored = stripe_objects.load(connection, [customer])
    return bool(stored or lines.of_customers(connection, [customer]))


def pro_states_of(
    connection: Connection, customers: Collection[str], pro: SoldPrice
) -> list[ProState]:
    """The subscriptions of these Customers, as far as they are stored; ``pro`` says which of their
    items is the Pro plan's."""
    stored = stripe_objects.of_customers(connection, ObjectType.SUBSCRIPTION, customers)
    return list(pro_states(connection, {one["id"]: pro for one in stored}).values())


def email_of(
    connection: Connection, customer: str, own: Sequence[LedgerLine] | None = None
) -> str | None:
    """The Customer's email as Stripe has it, else the last that they have paid with. ``own`` are
    the Customer's lines, where they have been read."""
    if stored := stripe_objects.load(connection, [customer]).get(customer):
        return text_at(stored, "email")
    if own is None:
        own = lines.of_customers(connection, [customer])
    paid = [line.session_id for line in reversed(own) if line.session_id]
    return next((one.session.customer_email for one in sessions.load(connection, paid[:1])), None)


def _entitlements(
    connection: Connection,
    customers: Sequence[str],
    customer: str | None,
    email: str | None,
    theirs: Sequence[LedgerLine],
) -> Entitlements:
    known = stripe_objects.of_customers(connection, ObjectType.SUBSCRIPTION, customers)
    return Entitlements(customer, email, credits_in(theirs), pro_access(theirs, known))
