"""Which tables' rows a transaction has changed, as its statements say: no function of the store
has to tell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_CHANGED = "changed_tables"  # in a connection's info
# Marks of when something was used last, to the minute, are no change.
_CHANGE = re.compile(
    r"\s*(?:INSERT INTO|DELETE FROM|UPDATE) \"?(\w+)\"?(?! SET (?:seen_at|used_at)=)", re.IGNORECASE
)


def record_changed_tables(engine: Engine) -> None:
    """Have ``take`` answer for the connections of ``engine``."""

    @event.listens_for(engine, "after_cursor_execute")
    def _record(
        connection: Connection,
        cursor: Any,
        statement: str,
        _values: Any,
        _context: Any,
        _many: bool,
    ) -> None:
        # Rows that are returned are counted once they have been read.
        if (found := _CHANGE.match(statement)) and (cursor.rowcount or "RETURNING" in statement):
            connection.info.setdefault(_CHANGED, set()).add(found[1])


def take(connection: Connection) -> set[str]:
    """Their names since it was last asked on this connection."""
    changed: set[str] = connection.info.pop(_CHANGED, set())
    return changed
