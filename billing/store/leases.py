"""Leases: which process does the work that one at a time may do."""

from __future__ import annotations

import logging
import time
import uuid
from typing import TYPE_CHECKING

from sqlalchemy import delete, or_, text, update

from billing.store.tables import leases
from billing.store.upsert import upsert

if TYPE_CHECKING:
    from sqlalchemy import Connection

log = logging.getLogger(__name__)

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


class Lease:
    """A lease as one process takes and renews it, for so many ``seconds`` each time; the log says
    when it was taken, lost or released."""

    def __init__(self, name: str, seconds: float) -> None:
        self._name = name
        self._seconds = seconds
        self._holder = uuid.uuid4().hex
        self._is_held = False

    def acquire(self, connection: Connection) -> bool:
        """Whether it is held, taken or renewed now."""
        is_held = acquire(connection, self._name, self._holder, self._seconds)
        if is_held != self._is_held:
            self._is_held = is_held
            log.info("Lease %s: %s", "taken" if is_held else "lost", self._name)
        return is_held

    def release(self, connection: Connection) -> None:
        """Give it up."""
        release(connection, self._name, self._holder)
        if self._is_held:
            self._is_held = False
            log.info("Lease released: %s", self._name)
