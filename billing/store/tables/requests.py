"""The requests to Stripe's API that this app made, without secrets."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

from billing.store.tables.columns import TERM_LENGTH, metadata, prefix_searched

_ID = BigInteger().with_variant(Integer, "sqlite")
_FAILED = text("cause <> ''")

# `id` is the microsecond at which it was sent. `tries` and `error` are JSON, empty for one try
# that succeeded and for no error. `params` and `answer` were written by the release before alone:
# now they are in the batch.
requests = Table(
    "requests",
    metadata,
    Column("id", _ID, primary_key=True),
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
    Column("batch", _ID, nullable=False, server_default="0"),  # 0: none
    Index("requests_by_status", "status", "id"),
    Index("requests_that_failed", "id", sqlite_where=_FAILED, postgresql_where=_FAILED),
    Index("requests_by_cause", "cause", "id", sqlite_where=_FAILED, postgresql_where=_FAILED),
)

# What is long of the requests that were written together. Its id is that of the newest of them, so
# that it leaves with them.
request_batches = Table(
    "request_batches",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("contents", LargeBinary, nullable=False),
)

# What a request is found by, whole: the ids of Stripe's objects that it touched, and an idempotency
# key that others may have as well. Few, since each is written somewhere else on the disk, and as a
# number each, which takes a third of the time and of the disk.
request_hashes = Table(
    "request_hashes",
    metadata,
    Column("request", _ID, primary_key=True),
    Column("hash", BigInteger, primary_key=True),
    Index("requests_by_hash", "hash", "request"),
    sqlite_with_rowid=False,
)

# The same, of the release before alone.
request_terms = Table(
    "request_terms",
    metadata,
    Column("request", _ID, primary_key=True),
    Column("term", prefix_searched(300), primary_key=True),
    Index("requests_by_term", "term", "request"),
    sqlite_with_rowid=False,
)
