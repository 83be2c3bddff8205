"""The ledger, and the Prices that things were sold at."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, String, Table

from billing.store.tables.columns import metadata, prefix_searched

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
    Column("session_id", prefix_searched(300)),
    *(
        Column(name, String(300))
        for name in ("payment_intent", "invoice", "refund", "dispute", "subscription")
    ),
    Index("ledger_by_time", "at"),
    Index("ledger_by_end", "access_until"),
    Index("ledger_by_customer", "customer"),
    Index("ledger_by_session", "session_id"),
)

# The Prices that settings have named, of each kind of sale.
sold_prices = Table(
    "sold_prices",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("price_id", String(300), primary_key=True),
)
