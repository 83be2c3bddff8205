"""Building PostgreSQL's indexes anew, beside everything else.

A session and an event change twice soon after they arrive, and each state has its entry in every
index. PostgreSQL removes the former ones but does not merge the pages that they leave half empty:
without this the indexes by time are three to five times as large as they need to be.
https://www.postgresql.org/docs/current/routine-reindex.html
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sqlalchemy import text

from billing.store.tables import checkout_sessions, customers, events, ledger, session_terms

if TYPE_CHECKING:
    from sqlalchemy import Connection

log = logging.getLogger(__name__)

TABLES = (events, checkout_sessions, session_terms, customers, ledger)
SUFFIXES = ("_ccnew", "_ccold")  # of what an interrupted REINDEX leaves
_INVALID = text(
    "SELECT relname FROM pg_class JOIN pg_index ON indexrelid = pg_class.oid"
    " WHERE NOT indisvalid AND relnamespace = current_schema()::regnamespace"
)


def rebuild_indexes(connection: Connection) -> None:
    """Rebuild the indexes that grow most; for ``Store.maintain``. SQLite needs none of it."""
    if connection.dialect.name != "postgresql":
        return
    for name in connection.scalars(_INVALID).all():
        if name.rstrip("0123456789").endswith(SUFFIXES):
            connection.exec_driver_sql(f'DROP INDEX CONCURRENTLY "{name}"')
    for table in TABLES:
        connection.exec_driver_sql(f"REINDEX TABLE CONCURRENTLY {table.name}")
        log.info("The indexes of %s were rebuilt", table.name)
