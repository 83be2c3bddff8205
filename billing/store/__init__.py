"""What this app stores, in SQLite or PostgreSQL; the only package that touches the database.

``Store`` reads and writes with functions of a ``Connection``, which are found in

- ``sessions``: Stripe's Checkout Sessions as last read: storing and finding them, figures over many
- ``events``: every event once and what became of it, and refused deliveries
- ``ledger``: what was granted
- ``leases``, ``sync_state``: which process does what one at a time may do; how far it has come
- ``reset``: deleting all of that

``engine`` connects, upgrades the schema (``migrations``) and commits. ``tables`` is the schema:
times are Unix seconds UTC, amounts minor units.
"""

from sqlalchemy import Connection

from billing.store.engine.schema import current_revision
from billing.store.store import Store

__all__ = ["Connection", "Store", "current_revision"]
