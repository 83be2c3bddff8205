"""Customers, other objects of Stripe, and the ids of people who were erased."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, String, Table, Text

from billing.store.tables.columns import TERM_LENGTH, metadata, prefix_searched

# Customers, subscriptions, invoices, refunds and disputes as last read, where they concern us.
# `parent` is what an object belongs to: the PaymentIntent of a refund or a dispute, the
# subscription of an invoice. An older reading never replaces a newer one.
stripe_objects = Table(
    "stripe_objects",
    metadata,
    Column("id", String(300), primary_key=True),
    Column("type", String(32), nullable=False),  # as Stripe calls it in `object`
    Column("parent", String(300)),
    Column("customer", String(300)),  # of a customer itself
    Column("email", String(TERM_LENGTH)),  # of a customer, in lower case
    Column("created", BigInteger, nullable=False),
    Column("read_at", Float, nullable=False),  # when the request that read it began
    Column("data", Text, nullable=False),  # Stripe's object, as JSON
    Index("objects_by_parent", "parent", "type"),
    Index("objects_by_customer", "customer", "type"),
    Index("objects_by_email", "email"),
)

# What belongs to people who were erased: see erased_ids.py.
erased_ids = Table(
    "erased_ids",
    metadata,
    Column("id", String(300), primary_key=True),
    Column("customer", String(300)),
    Column("at", Float, nullable=False),
    Index("erased_by_customer", "customer"),
)

# One row for each customer, calculated from other tables: see customers.customer.Customer.
# `key` is the Customer's id, or the email of those who paid without one. The amounts are JSON:
# minor units by currency.
customers = Table(
    "customers",
    metadata,
    Column("key", prefix_searched(300), primary_key=True),
    Column("customer", String(300)),
    Column("email", prefix_searched(TERM_LENGTH)),
    Column("credits", BigInteger, nullable=False),
    Column("pro", String(16), nullable=False),  # a ProStatus
    Column("pro_until", BigInteger),
    Column("pro_note", String(32)),  # a ProNote
    Column("subscription_status", String(32)),
    Column("paid", Text, nullable=False),
    Column("refunded", Text, nullable=False),
    Column("disputed", Text, nullable=False),
    Column("has_refunds", Boolean, nullable=False),
    Column("has_disputes", Boolean, nullable=False),
    Column("last_activity", BigInteger, nullable=False),
    Index("customers_by_activity", "last_activity", "key"),
    Index("customers_by_facets", "pro", "has_refunds", "has_disputes", "last_activity", "key"),
    Index("customers_by_email", "email", "key"),
)

# Whose row above has to be calculated anew: the id of a Customer, an email, or another id by which
# sessions of theirs are found. `marks` counts the changes since.
stale_customers = Table(
    "stale_customers",
    metadata,
    Column("name", String(300), primary_key=True),
    Column("marks", BigInteger, nullable=False),
)
