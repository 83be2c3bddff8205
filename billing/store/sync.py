"""Where the mirror stands, and who keeps it in step: one process at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update

from billing.json_codec import dumps, loads
from billing.store.tables import leases, sync_state
from billing.store.upsert import upsert

if TYPE_CHECKING:
    from sqlalchemy import Connection


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


def acquire(connection: Connection, name: str, holder: str, now: float, seconds: float) -> bool:
    """Take or keep the lease for so many seconds; False while another process holds it."""
    _first(connection, [{"name": name, "holder": holder, "until": now + seconds}])
    taken = connection.execute(
        update(leases)
        .where(leases.c.name == name, (leases.c.holder == holder) | (leases.c.until <= now))
        .values(holder=holder, until=now + seconds)
    )
    return bool(taken.rowcount)


def release(connection: Connection, name: str, holder: str) -> None:
    """Let the lease go, so that another process need not wait for its end."""
    connection.execute(delete(leases).where(leases.c.name == name, leases.c.holder == holder))
