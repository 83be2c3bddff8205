"""Named values, such as how far synchronization with Stripe has come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete as delete_rows
from sqlalchemy import select

from billing.json_codec import dumps, loads
from billing.store.tables import sync_state
from billing.store.upsert import upsert

if TYPE_CHECKING:
    from sqlalchemy import Connection


_save = upsert(
    sync_state,
    lambda statement: statement.on_conflict_do_update(
        index_elements=["name"], set_={"value": statement.excluded.value}
    ),
)


def load(connection: Connection, name: str) -> Any:
    """The value that was saved under ``name``; None without one."""
    value = connection.scalar(select(sync_state.c.value).where(sync_state.c.name == name))
    return None if value is None else loads(value)


def save(connection: Connection, name: str, value: Any) -> None:
    """Save ``value`` (anything that JSON can hold) under ``name``."""
    _save(connection, [{"name": name, "value": dumps(value)}])


def delete(connection: Connection, name: str) -> None:
    """Delete the value of ``name``."""
    connection.execute(delete_rows(sync_state).where(sync_state.c.name == name))
