"""``INSERT … ON CONFLICT`` in the words of the database at hand."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Table


def upsert(table: Table, finish: Callable[[Any], Any]) -> Callable[[Connection], Any]:
    """A statement to execute with rows of ``table``, made once for each kind of database.

    ``finish`` says what to do about a conflict, on an insert that knows
    ``on_conflict_do_update`` and ``on_conflict_do_nothing``.
    """

    @cache
    def made(dialect: str) -> Any:
        return finish((postgresql if dialect == "postgresql" else sqlite).insert(table))

    return lambda connection: made(connection.dialect.name)
