"""The requests to Stripe's API that this app made, without secrets."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

from billing.store.tables.columns import TERM_LENGTH, metadata, prefix_searched

_FAILED = text("cause <> ''")

# `id` is the microsecond at which it was sent. `tries` and `error` are JSON, empty for one try
# that succeeded and for no error. What is long stands last, where a list of requests reads none
# of it.
requests = Table(
    "requests",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("method", String(8), nullable=False),
    Column("path", String(300), nullable=False),
    Column("status", SmallInteger, nullable=False),  # 0: no answer
    Column("seconds", Float, nullable=False),
    Column("cause", Text, nullable=False),  # see ErrorCause; empty where no try failed
    Column("tries", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("api_version", String(40), nullable=False),
    Column("idempotency_key", String(300)),
    Column("replayed", Boolean, nullable=False),
    Column("request_id", String(TERM_LENGTH)),
    Column("params", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Index("requests_by_status", "status", "id"),
    Index("requests_that_failed", "id", sqlite_where=_FAILED, postgresql_where=_FAILED),
    Index("requests_by_cause", "cause", "id", sqlite_where=_FAILED, postgresql_where=_FAILED),
)

# What a request is found by, whole: the ids of Stripe's objects that it touched, and an idempotency
# key that others may have as well. Few, since each is written somewhere else on the disk.
request_terms = Table(
    "request_terms",
    metadata,
    Column("request", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("term", prefix_searched(300), primary_key=True),
    Index("requests_by_term", "term", "request"),
    sqlite_with_rowid=False,
)
