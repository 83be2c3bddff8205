"""Named values, leases, the release of the schema, change numbers, and runs of scenarios."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, String, Table, Text

from billing.store.tables.columns import metadata

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

# One row: the oldest release of this app that works with these tables. See engine.releases.
schema_release = Table(
    "schema_release",
    metadata,
    Column("oldest_served", Integer, primary_key=True),
)

# How often each of ``changes.topics`` was announced to the other processes: see change_numbers.py.
change_numbers = Table(
    "change_numbers",
    metadata,
    Column("topic", String(32), primary_key=True),
    Column("number", BigInteger, nullable=False),
)

# The last run of each scenario of the Test kit, as JSON. Who runs it now renews ``alive_until``.
scenario_runs = Table(
    "scenario_runs",
    metadata,
    Column("scenario", String(64), primary_key=True),
    Column("run", String(64), nullable=False, unique=True),
    Column("document", Text, nullable=False),
    Column("alive_until", Float, nullable=False),
    Column("stop_requested", Boolean, nullable=False),
)
