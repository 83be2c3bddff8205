"""Events, and deliveries that were refused."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, String, Table, Text, text

from billing.store.tables.columns import REFERENCE_LENGTH, metadata, prefix_searched

# Every event once. `state` and `source` are an EventState and an EventSource. `reference` is the
# client_reference_id of the session that a payment belongs to, as the payment's metadata says.
# Of a payload that was removed, what ``event_summary.summarize`` says is left.
events = Table(
    "events",
    metadata,
    Column("id", prefix_searched(300), primary_key=True),
    Column("type", String(100), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("object_id", prefix_searched(300), nullable=False),
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

# Each signed delivery of an event, and how it was answered. The newest stay.
webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True),
    Column("event_id", String(300), nullable=False),
    Column("received_at", Float, nullable=False),
    Column("status", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
    Index("webhook_deliveries_by_event", "event_id", "id"),
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

# The same by the event that their bodies claim to be, which nobody has verified. The newest stay.
claimed_deliveries = Table(
    "claimed_deliveries",
    metadata,
    Column("event_id", String(300), primary_key=True),
    Column("reason", Text, primary_key=True),
    Column("received_at", Float, nullable=False),  # the last of them
    Column("count", BigInteger, nullable=False),
    Index("claimed_by_arrival", "received_at"),
)

# The events of the random run under way, numbered by their types: see events/random_run.py.
random_run_deliveries = Table(
    "random_run_deliveries",
    metadata,
    Column("event_id", String(300), primary_key=True),
    Column("type", String(255), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("attempts", BigInteger, nullable=False),
    Column("object_id", String(300), nullable=False),
    Index("random_run_by_type", "type", "number"),
)
