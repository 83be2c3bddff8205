"""Where the mirror stands, and who keeps it in step: one process at a time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, or_, select, text, update

from billing.json_codec import dumps, loads
from billing.store.tables import leases, sync_state
from billing.store.upsert import upsert

if TYPE_CHECKING:
    from sqlalchemy import Connection

_POSTGRESQL_CLOCK = text("SELECT CAST(extract(epoch FROM clock_timestamp()) AS double precision)")

_save = upsert(
    sync_state,
    lambda statement: statement.on_conflict_do_update(
        index_elements=["name"], set_={"value": statement.excluded.value}
    ),
)
_first = upsert(leases, lambda statement: statement.on_conflict_do_nothing(index_elements=["name"]))


def load(connection: Connection, name: str) -> Any:
    """What was saved under ``name``, or None."""
    value = connection.scalar(select(sync_state.c.value).where(sync_state.c.name == name))
    return None if value is None else loads(value)


def save(connection: Connection, name: str, value: Any) -> None:
    """Keep ``value`` (anything JSON can hold) under ``name``."""
    _save(connection, [{"name": name, "value": dumps(value)}])


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
