"""How many rows the tables have, and how much they take on the disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select, text

from billing.store.tables import metadata

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

COUNTED = 100_000  # rows; PostgreSQL estimates how many more there are, SQLite does not say

# https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADMIN-DBSIZE
_POSTGRESQL = text(
    "SELECT oid, pg_total_relation_size(oid) AS bytes, reltuples FROM pg_class"
    " WHERE oid = to_regclass(:name)"
)
_SQLITE = text("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")


@dataclass(frozen=True)
class TableSize:
    """``rows`` are counted up to ``COUNTED``, and exact unless ``is_rough``. ``bytes`` include the
    indexes; None where the database does not say."""

    name: str
    rows: int
    is_rough: bool
    bytes: int | None


def table_sizes(connection: Connection) -> list[TableSize]:
    """Every table, the largest first."""
    found = [_size(connection, table) for table in metadata.sorted_tables]
    return sorted(found, key=lambda one: (-(one.bytes or 0), -one.rows, one.name))


def database_bytes(connection: Connection) -> int:
    """How much the whole database takes on the disk."""
    if connection.dialect.name == "postgresql":
        return int(connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)
    return int(connection.scalar(_SQLITE) or 0)


def _size(connection: Connection, table: Table) -> TableSize:
    some = select(text("1")).select_from(table).limit(COUNTED).subquery()
    rows = connection.scalar(select(func.count()).select_from(some)) or 0
    is_rough = rows == COUNTED
    if connection.dialect.name != "postgresql":
        return TableSize(table.name, rows, is_rough, None)
    row = connection.execute(_POSTGRESQL, {"name": table.name}).one()
    if is_rough:
        rows = max(rows, int(row.reltuples))
    return TableSize(table.name, rows, is_rough, int(row.bytes))
