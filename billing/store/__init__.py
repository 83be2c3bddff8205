"""What this app remembers, in SQLite or PostgreSQL; the only package that touches the database.

``Store`` runs functions of a ``Connection``. Those that there are: ``sessions`` (our copies of
Checkout Sessions: rows, queries, figures), ``events`` (every event once and what became of it;
refused deliveries), ``ledger`` (what was granted), ``leases`` (which process does what one at a
time may do), ``sync_state`` (named values, as how far our copy goes) and ``reset``. ``engine``
connects, upgrades the schema (``migrations``), commits, and words what goes wrong. ``tables`` is
the schema; times are Unix seconds, amounts minor units.
"""

from sqlalchemy import Connection

from billing.store.store import Store

__all__ = ["Connection", "Store"]
