"""Transactions: all or nothing, whatever goes wrong."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from stripe_sandbox.storage.database import Database

_TABLE = "CREATE TABLE IF NOT EXISTS things (name TEXT UNIQUE);"


def _names(database: Database) -> list[str]:
    return [row[0] for row in database.rows("SELECT name FROM things ORDER BY name")]


def test_a_transaction_is_all_or_nothing() -> None:
    """What fails in the middle, or in a transaction inside it, leaves nothing."""
    database = Database(None, tables=_TABLE)
    calls: list[str] = []

    def the_same_twice() -> None:
        with database.transaction():
            database.write("INSERT INTO things VALUES ('a')")
            database.after_commit(lambda: calls.append("failed"))
            with database.transaction():
                database.write("INSERT INTO things VALUES ('a')")

    with pytest.raises(sqlite3.IntegrityError):
        the_same_twice()
    assert (_names(database), calls) == ([], [])
    with database.transaction():
        database.write("INSERT INTO things VALUES ('b')")
        database.after_commit(lambda: calls.append("done"))
        assert calls == []
    assert (_names(database), calls) == (["b"], ["done"])
    database.close()


def test_a_full_disk_undoes_the_transaction_and_no_more(tmp_path: Path) -> None:
    """When there is no room the transaction is undone, and the next one that fits works."""
    database = Database(tmp_path / "full.sqlite3", tables=_TABLE)
    (pages,) = database.row("PRAGMA page_count") or (0,)
    database.row(f"PRAGMA max_page_count = {pages + 4}")

    def too_much() -> None:
        with database.transaction():
            for index in range(100):
                database.write("INSERT INTO things VALUES (?)", (f"{index}" * 1_000,))

    with pytest.raises(sqlite3.OperationalError, match="full"):
        too_much()
    assert _names(database) == []
    with database.transaction():
        database.write("INSERT INTO things VALUES ('small')")
    assert _names(database) == ["small"]
    database.close()


def test_settings_are_stored(tmp_path: Path) -> None:
    """A value stays under its name until it is replaced, over a restart too."""
    path = tmp_path / "settings.sqlite3"
    database = Database(path, tables=_TABLE)
    assert database.setting("name") is None
    database.set_setting("name", "one")
    database.set_setting("name", "two")
    database.close()
    database = Database(path, tables=_TABLE)
    assert database.setting("name") == "two"
    database.close()
