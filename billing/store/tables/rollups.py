"""Checkout Sessions counted: rollups, and the deltas that are not in them yet."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, String, Table

from billing.store.tables.columns import CODE_LENGTH, metadata

COUNTS = ("number", "amount", "went_back")

# What has changed of sessions: each state that one has come to, and each that it has left, which
# counts below zero. `granted` counts those that are paid still and have a line in the ledger.
# Triggers of the database add these rows, whichever process changes a session or writes a line: see
# the migration.
session_deltas = Table(
    "session_deltas",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("created", BigInteger, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("source", String(16), nullable=False),
    Column("kind", String(16)),
    Column("currency", String(3)),
    Column("failure_code", String(CODE_LENGTH)),
    Column("completed_at", BigInteger),
    *(Column(name, BigInteger, nullable=False) for name in (*COUNTS, "granted")),
)

# Sessions by when they were created, in periods of `length` seconds that begin `phase` seconds
# after a multiple of that; by the value of one facet, by source and kind ("" for none).
session_rollups = Table(
    "session_rollups",
    metadata,
    Column("length", Integer, primary_key=True),
    Column("phase", Integer, primary_key=True),
    Column("facet", String(16), primary_key=True),  # see store.sessions.facets.Facet
    Column("start", BigInteger, primary_key=True),
    Column("value", String(CODE_LENGTH), primary_key=True),
    Column("source", String(16), primary_key=True),
    Column("kind", String(16), primary_key=True),
    *(Column(name, BigInteger, nullable=False) for name in COUNTS),
    sqlite_with_rowid=False,
)
