"""Checkout Sessions, and what they are found by."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, SmallInteger, String, Table, Text, text

from billing.store.tables.columns import CODE_LENGTH, TERM_LENGTH, metadata, prefix_searched

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
    Column("id", prefix_searched(300), primary_key=True),
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
# Triggers bring each term into the text below, and out of it.
session_terms = Table(
    "session_terms",
    metadata,
    Column("term", prefix_searched(TERM_LENGTH), primary_key=True),
    Column("created", BigInteger, primary_key=True),
    Column("session_id", prefix_searched(300), primary_key=True),
    sqlite_with_rowid=False,
)

# The text that a session is searched for, one line a term; see sessions.search.texts. `place` is
# in order of time: of each second there are `texts.PLACES`.
session_search = Table(
    "session_search",
    metadata,
    Column(
        "place",
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("session_id", prefix_searched(300), nullable=False, unique=True),
    Column("text", Text().with_variant(Text(collation="C"), "postgresql"), nullable=False),
)
