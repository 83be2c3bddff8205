"""Undoes one part of a transaction that has several: goes back to a savepoint, and writes once more
what the others wrote since."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3

_NAME = "parts"


class Redo:
    """What was written since a savepoint of the running transaction.

    One savepoint serves all parts but the first: after each, SQLite copies every page before it is
    changed, which takes longer than the change. https://www.sqlite.org/tempfiles.html
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._written: list[tuple[str, Sequence[Sequence[Any]]]] = []
        self._is_on = False

    def mark(self) -> int:
        """Where a further part begins."""
        if not self._is_on:
            self._connection.execute(f"SAVEPOINT {_NAME}")
            self._is_on = True
        return len(self._written)

    def add(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """The statement was run with each of the rows."""
        if self._is_on:
            self._written.append((statement, rows))

    def position(self) -> int:
        """What `forget` takes to come back here."""
        return len(self._written)

    def forget(self, position: int) -> None:
        """What was written since is undone already."""
        del self._written[position:]

    def undo(self, mark: int) -> None:
        """Undo what was written since the mark."""
        if len(self._written) == mark or not self._connection.in_transaction:
            return
        self.forget(mark)
        self._connection.execute(f"ROLLBACK TO {_NAME}")
        for statement, rows in self._written:
            self._connection.executemany(statement, rows)

    def end(self) -> None:
        """The transaction has ended."""
        self._written.clear()
        self._is_on = False
