"""Leases: which process does the work that one at a time may do."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sqlalchemy import delete, or_, text, update

from billing.store.tables import leases
from billing.store.upsert import upsert

if TYPE_CHECKING:
    from sqlalchemy import Connection


_POSTGRESQL_CLOCK = text("SELECT CAST(extract(epoch FROM clock_timestamp()) AS double precision)")
_insert = upsert(
    leases, lambda statement: statement.on_conflict_do_nothing(index_elements=["name"])
)


def now(connection: Connection) -> float:
    """Unix seconds by the database's clock, which is one for all processes."""
    if connection.dialect.name == "postgresql":
        return float(connection.execute(_POSTGRESQL_CLOCK).scalar_one())
    return time.time()  # a SQLite file has no clock but this machine's


def acquire(connection: Connection, name: str, holder: str, seconds: float) -> bool:
    """Take or renew the lease for so many seconds; False while another process holds it. Every
    process asks for the same time."""
    # A lease that ends later than that was taken before somebody set the clock back.
    current = now(connection)
    until = current + seconds
    _insert(connection, [{"name": name, "holder": holder, "until": until}])
    updated = connection.execute(
        update(leases)
        .where(
            leases.c.name == name,
            or_(leases.c.holder == holder, leases.c.until <= current, leases.c.until > until),
        )
        .values(holder=holder, until=until)
    )
    return bool(updated.rowcount)


def release(connection: Connection, name: str, holder: str) -> None:
    """Give the lease up, so that another process need not wait for its end."""
    connection.execute(delete(leases).where(leases.c.name == name, leases.c.holder == holder))
