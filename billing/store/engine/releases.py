"""Which releases of this app may use a database at the same time.

While servers are restarted one after the other, an older process meets tables that a newer one has
upgraded. So a migration only adds (tables, indexes, columns with a default) what older code does
not miss; what older code needs is taken away one release later, and ``OLDEST_SERVED`` raised to the
release that can do without.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, inspect, select

from billing.store.tables import schema_release

RELEASE = 1  # of this code; one more with each release that brings a migration
OLDEST_SERVED = 1  # that works with the tables as this code leaves them


def is_served(connection: Connection) -> bool:
    """A newer release has upgraded the tables, and this code still works with them."""
    if not inspect(connection).has_table(schema_release.name):
        return False
    oldest = connection.scalar(select(schema_release.c.oldest_served))
    return oldest is not None and oldest <= RELEASE


def store_oldest_served(connection: Connection) -> None:
    """Say in the database which releases may use it from now on."""
    connection.execute(delete(schema_release))
    connection.execute(insert(schema_release), {"oldest_served": OLDEST_SERVED})
