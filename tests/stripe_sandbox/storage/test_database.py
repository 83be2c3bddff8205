"""Transactions: all or nothing, whatever goes wrong."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest

from stripe_sandbox.storage.database import Database
from stripe_sandbox.storage.transactions.checkpoints import ROWS
from tests.support.waiting import wait_for

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


async def _share(database: Database, *names: str) -> None:
    """Write these in a shared transaction, and wait for its commit."""
    with database.shared_transaction():
        for name in names:
            database.write("INSERT INTO things VALUES (?)", (name,))
            database.after_commit(lambda: None)
    await database.committed()


def test_what_is_written_in_one_turn_of_the_loop_is_committed_together(tmp_path: Path) -> None:
    """One that fails undoes its own part alone, and who waits goes on once all can read it."""
    path = tmp_path / "shared.sqlite3"
    database, other = (Database(path, tables=_TABLE) for _ in range(2))

    async def write() -> list[BaseException | None]:
        parts = (("a", "b"), ("d",), ("c", "a"), ("e",))
        outcomes = asyncio.gather(
            *(_share(database, *names) for names in parts), return_exceptions=True
        )
        await asyncio.sleep(0)
        assert _names(database) == ["a", "b", "d", "e"]
        assert _names(other) in ([], ["a", "b", "d", "e"])
        found = await outcomes
        assert _names(other) == ["a", "b", "d", "e"]
        return found

    first, second, failed, last = asyncio.run(write())
    assert (first, second, type(failed), last) == (None, None, sqlite3.IntegrityError, None)
    database.close()
    other.close()


def test_what_a_part_took_back_itself_does_not_return_when_another_part_fails(
    tmp_path: Path,
) -> None:
    database = Database(tmp_path / "shared.sqlite3", tables=_TABLE)

    async def write() -> None:
        await asyncio.gather(
            _share(database, "a"), take_back(), _share(database, "b", "a"), return_exceptions=True
        )

    async def take_back() -> None:
        with database.shared_transaction():
            database.write("INSERT INTO things VALUES ('c')")
            with database.undone():
                database.write("INSERT INTO things VALUES ('d')")
            with suppress(ValueError), database.savepoint():
                database.write("INSERT INTO things VALUES ('e')")
                raise ValueError

    asyncio.run(write())
    assert _names(database) == ["a", "c"]
    database.close()


def test_another_transaction_first_commits_what_is_shared(tmp_path: Path) -> None:
    path = tmp_path / "shared.sqlite3"
    database, other = (Database(path, tables=_TABLE) for _ in range(2))

    async def write() -> None:
        with database.shared_transaction():
            database.write("INSERT INTO things VALUES ('a')")

        def undone() -> None:
            with database.transaction():
                database.write("INSERT INTO things VALUES ('a')")

        with pytest.raises(sqlite3.IntegrityError):
            await asyncio.to_thread(undone)
        assert _names(other) == ["a"]

    asyncio.run(write())
    database.close()
    other.close()


def test_who_waits_for_a_commit_that_fails_is_given_the_error(tmp_path: Path) -> None:
    database = Database(
        tmp_path / "shared.sqlite3",
        tables=_TABLE + "CREATE TABLE IF NOT EXISTS parts (of TEXT "
        "REFERENCES things (name) DEFERRABLE INITIALLY DEFERRED);",
    )
    database.write("PRAGMA foreign_keys = ON")

    async def write() -> None:
        with database.shared_transaction():
            database.write("INSERT INTO parts VALUES ('missing')")
        await database.committed()

    with pytest.raises(sqlite3.IntegrityError):
        asyncio.run(write())
    assert database.row("SELECT count(*) FROM parts") == (0,)
    asyncio.run(_share(database, "a"))
    assert _names(database) == ["a"]
    database.close()


def test_what_is_committed_reaches_the_file_beside_further_commits(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.sqlite3"
    database = Database(path, tables="")
    before = path.stat().st_size
    for number in range(ROWS):
        with database.transaction():
            database.set_setting(f"name {number}", "value")
    wait_for(lambda: path.stat().st_size > before)
    database.close()
