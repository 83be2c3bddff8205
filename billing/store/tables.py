"""The tables. Amounts are minor units, times Unix seconds UTC.

Change them together with a migration in ``migrations/versions``.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

metadata = MetaData()

# What begins with a text is between the text and the text followed by this.
LAST_CHARACTER = chr(sys.maxunicode)
TERM_LENGTH = 200
REFERENCE_LENGTH = 200  # of client_reference_id
CODE_LENGTH = 100


def _prefix_searched(length: int) -> TypeEngine[str]:
    """Text that is searched by its beginning; PostgreSQL's index needs the C collation for that.

    What is compared with it has to be in the same collation: else PostgreSQL uses no index.
    """
    return String(length).with_variant(String(length, collation="C"), "postgresql")


# What sessions are filtered by, and what figures over them are made from.
_FACETS = ("outcome", "kind", "source")
_NUMBERS = (
    *("currency", "amount_total", "completed_at", "failure_code"),
    *("amount_refunded", "amount_disputed"),
)

# Stripe's Checkout Sessions as last read. `progress` only grows: see Outcome.progress.
checkout_sessions = Table(
    "checkout_sessions",
    metadata,
    Column("id", _prefix_searched(300), primary_key=True),
    Column("created", BigInteger, nullable=False),
    Column("progress", SmallInteger, nullable=False),
    Column("outcome", String(16), nullable=False),  # see checkout_session.Outcome
    Column("source", String(16), nullable=False),  # see source.Source
    Column("kind", String(16)),
    Column("amount_total", BigInteger),
    Column("currency", String(3)),
    # Of a paid one: what went back by refunds, and what disputes that are open or lost withdrew.
    Column("amount_refunded", BigInteger, nullable=False, server_default=text("0")),
    Column("amount_disputed", BigInteger, nullable=False, server_default=text("0")),
    Column("completed_at", BigInteger),  # when its event was created; None while that is not known
    Column("request_id", String(255)),  # of the request that created it, when this app sent that
    Column("quantity", BigInteger),  # as its line items say, once it is paid
    Column("failure", Text),  # why its last payment failed, in the bank's words
    Column("failure_code", String(CODE_LENGTH)),  # and in Stripe's
    Column("data", Text, nullable=False),  # Stripe's object, as JSON
    Index("sessions_by_time", "created", "id", *_FACETS, *_NUMBERS),
    Index("sessions_by_facets", *_FACETS, "created", "id", *_NUMBERS),
    Index("sessions_by_amount", "amount_total", "created", "id"),
)

# What a session can be found by, besides its id: e-mail, other ids, metadata; lower case.
session_terms = Table(
    "session_terms",
    metadata,
    Column("term", _prefix_searched(TERM_LENGTH), primary_key=True),
    Column("created", BigInteger, primary_key=True),
    Column("session_id", _prefix_searched(300), primary_key=True),
    sqlite_with_rowid=False,
)

# Every event once. `state` and `source` are an EventState and an EventSource. `reference` is the
# client_reference_id of the session that a payment belongs to, as the payment's metadata says.
# Of a payload that was removed, what ``event_summary.summarize`` says is left.
events = Table(
    "events",
    metadata,
    Column("id", _prefix_searched(300), primary_key=True),
    Column("type", String(100), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("object_id", _prefix_searched(300), nullable=False),
    Column("reference", String(REFERENCE_LENGTH)),
    Column("received_at", Float, nullable=False),
    Column("source", String(16), nullable=False),
    Column("deliveries", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", Text),
    Column("settled_at", Float, key="processed_at"),
    Column("retry_at", Float),  # of a failed one; None when it waits for a replay
    Column("failing_since", Float),  # for a reason that passes by itself
    Column("payload", Text, nullable=False),
    Column("payload_removed_at", Float),  # None while it is whole
    Index("events_by_arrival", "received_at", "id"),
    Index("events_by_state", "state", "received_at", "id"),
    Index("events_by_object", "object_id", "created"),
    Index(
        "events_by_reference",
        *("reference", "created"),
        sqlite_where=text("reference IS NOT NULL"),
        postgresql_where=text("reference IS NOT NULL"),
    ),
    Index("events_by_type", "type", "received_at", "id"),
    Index("events_by_retry", "retry_at"),
    Index(
        "events_by_payload",
        *("state", "received_at"),
        sqlite_where=text("payload_removed_at IS NULL"),
        postgresql_where=text("payload_removed_at IS NULL"),
    ),
)

# Refused webhook deliveries, summed up by reason and minute; never their contents.
rejected_deliveries = Table(
    "rejected_deliveries",
    metadata,
    Column("reason", Text, primary_key=True),
    Column("started_at", Float, primary_key=True),
    Column("received_at", Float, nullable=False),  # the last of them
    Column("count", BigInteger, nullable=False),
    Column("next_step", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Index("rejected_by_arrival", "received_at"),
)

# The ledger: lines that are never changed. See ledger.line.LedgerLine.
ledger = Table(
    "ledger",
    metadata,
    Column("subject", String(300), primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("access_until", BigInteger),
    Column("cause", String(16), nullable=False),
    Column("origin", String(300), nullable=False),  # an event's id or an Origin
    Column("at", Float, nullable=False),
    Column("customer", String(300)),
    Column("session_id", _prefix_searched(300)),
    *(
        Column(name, String(300))
        for name in ("payment_intent", "invoice", "refund", "dispute", "subscription")
    ),
    Index("ledger_by_time", "at"),
    Index("ledger_by_end", "access_until"),
    Index("ledger_by_customer", "customer"),
    Index("ledger_by_session", "session_id"),
)

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

# The Prices that settings have named, of each kind of sale.
sold_prices = Table(
    "sold_prices",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("price_id", String(300), primary_key=True),
)

# One row for each customer, calculated from the tables above: see customers.customer.Customer.
# `key` is the Customer's id, or the email of those who paid without one. The amounts are JSON:
# minor units by currency.
customers = Table(
    "customers",
    metadata,
    Column("key", _prefix_searched(300), primary_key=True),
    Column("customer", String(300)),
    Column("email", _prefix_searched(TERM_LENGTH)),
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

# Named values as JSON, such as how far synchronization with Stripe has come.
sync_state = Table(
    "sync_state",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

# Which process does the work that one at a time may do.
leases = Table(
    "leases",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("until", Float, nullable=False),
)

# Who did what: lines that are never changed. See domain.access.AuditEntry.
audit_log = Table(
    "audit_log",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", Float, nullable=False),
    Column("identity", _prefix_searched(TERM_LENGTH), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("role", String(16), nullable=False),
    Column("action", String(32), nullable=False),
    Column("object_id", _prefix_searched(300), nullable=False),
    Column("result", String(16), nullable=False),
    Column("detail", Text, nullable=False),
    Column("address", String(64), nullable=False),
    Index("audit_by_time", "at"),
    Index("audit_by_identity", "identity", "id"),
    Index("audit_by_action", "action", "id"),
    Index("audit_by_object", "object_id", "id"),
    Index("audit_by_result", "result", "id"),
)

# What programs sign in to the routes with: never a token itself, only its SHA-256.
access_tokens = Table(
    "access_tokens",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("created_by", String(TERM_LENGTH), nullable=False),
    Column("expires_at", Float),
    Column("revoked_at", Float),
    Column("used_at", Float),  # to the minute
)

# Who is signed in by OIDC. `key` is a digest of the login's iss, sub and iat, `subject` one of iss
# and sub: all sign-ins of one person.
sign_ins = Table(
    "sign_ins",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("subject", String(64), nullable=False),
    Column("email", String(TERM_LENGTH), nullable=False),
    Column("started_at", Float, nullable=False),
    Column("seen_at", Float, nullable=False),  # to the minute
    Column("ended_at", Float),
    Column("address", String(64), nullable=False),
    Index("sign_ins_by_subject", "subject"),
    Index("sign_ins_by_start", "started_at"),
)

# One row: the oldest release of this app that works with these tables. See engine.releases.
schema_release = Table(
    "schema_release",
    metadata,
    Column("oldest_served", Integer, primary_key=True),
)
