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
_first = upsert(leases, lambda statement: statement.on_conflict_do_nothing(index_elements=["name"]))


def now(connection: Connection) -> float:
    """Unix seconds by the database's clock, which is one for all processes."""
    if connection.dialect.name == "postgresql":
        return float(connection.execute(_POSTGRESQL_CLOCK).scalar_one())
    return time.time()  # a SQLite file has no clock but this machine's


def acquire(connection: Connection, name: str, holder: str, seconds: float) -> bool:
    """Take or keep the lease for so many seconds; False while another process holds it.

    All who ask for a lease ask for the same time. One that ends later than that was taken before
    somebody set the clock back, and counts no more.
    """
    asked_at = now(connection)
    until = asked_at + seconds
    _first(connection, [{"name": name, "holder": holder, "until": until}])
    taken = connection.execute(
        update(leases)
        .where(
            leases.c.name == name,
            or_(leases.c.holder == holder, leases.c.until <= asked_at, leases.c.until > until),
        )
        .values(holder=holder, until=until)
    )
    return bool(taken.rowcount)


def release(connection: Connection, name: str, holder: str) -> None:
    """Let the lease go, so that another process need not wait for its end."""
    connection.execute(delete(leases).where(leases.c.name == name, leases.c.holder == holder))
