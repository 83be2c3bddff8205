"""How large the database is, table by table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from billing.access.caller import requires
from billing.domain.access import Permission
from billing.store.maintenance.sizes import TableSize, database_bytes, table_sizes

if TYPE_CHECKING:
    from billing.store import Connection, Store


@dataclass(frozen=True)
class DatabaseSizes:
    """``bytes`` of the whole, and its tables, the largest first."""

    bytes: int
    tables: list[TableSize]


class DatabaseSize:
    """Of the database in use."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @requires(Permission.SET_UP, reads=True)
    async def read(self) -> DatabaseSizes:
        """Rows and bytes now. Raises ``StoreFailure``."""

        def look(connection: Connection) -> DatabaseSizes:
            return DatabaseSizes(database_bytes(connection), table_sizes(connection))

        return await self._store.read(look)
