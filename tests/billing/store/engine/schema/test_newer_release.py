"""A database of a newer release is used where that release allows it, and else left alone."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Connection, text

from billing.errors import StoreFailure
from billing.store import sessions
from billing.store.engine.releases import RELEASE
from billing.store.ledger import lines
from tests.billing.store.engine.schema.migrations import HEAD, on, revision
from tests.billing.store.ledger.test_lines import LINE
from tests.support.database.databases import store_on
from tests.support.database.records import granted_totals
from tests.support.database.stored import copies
from tests.support.stripe_account import session_object

if TYPE_CHECKING:
    pass


pytestmark = pytest.mark.anyio


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def make_newer(url: str, oldest_served: int = RELEASE + 1) -> None:
    """As the database is once a newer release has upgraded it."""

    def upgrade(connection: Connection) -> None:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        oldest = {"oldest": oldest_served}
        connection.execute(text("UPDATE schema_release SET oldest_served = :oldest"), oldest)
        connection.execute(text("ALTER TABLE ledger ADD COLUMN added_later VARCHAR(16)"))

    on(url, upgrade)


async def test_a_newer_database_is_refused_with_a_clear_word(database_url: str) -> None:
    with store_on(database_url) as store:
        await store.ping()
    make_newer(database_url)
    with store_on(database_url) as store:
        for ask in (store.ping(), store.write(granted_totals)):
            with pytest.raises(StoreFailure) as refused:
                await ask
            assert "newer version" in refused.value.message
            assert "was not changed" in refused.value.message
            assert "DATABASE_URL" in refused.value.next_step
    on(database_url, lambda connection: lines.add(connection, [LINE]))


async def test_a_newer_database_that_serves_this_release_is_used_beside_the_newer_one(
    database_url: str,
) -> None:
    with store_on(database_url) as running:
        await running.write(lambda connection: lines.add(connection, [LINE]))
        make_newer(database_url, oldest_served=RELEASE)
        await running.write(
            lambda connection: lines.add(connection, [replace(LINE, subject="another")])
        )
    with store_on(database_url) as started_later:
        assert await started_later.read(granted_totals)
        made = session_object(1, "credits", 1)
        await started_later.write(partial(sessions.upsert_sessions, batches=[copies([made])]))
        assert await started_later.read(revision) == "9999"


async def test_a_newer_database_that_says_nothing_of_this_release_is_refused(
    database_url: str,
) -> None:
    with store_on(database_url) as store:
        await store.ping()
    make_newer(database_url, oldest_served=RELEASE)
    on(database_url, lambda connection: connection.execute(text("DROP TABLE schema_release")))
    with store_on(database_url) as store, pytest.raises(StoreFailure, match="newer version"):
        await store.ping()


async def test_a_newer_file_stays_as_it_is_byte_for_byte(tmp_path: Path, sqlite_url: str) -> None:
    with store_on(sqlite_url) as store:
        await store.write(lambda connection: lines.add(connection, [LINE]))
    make_newer(sqlite_url)
    before = contents(tmp_path)
    with store_on(sqlite_url) as store:
        with pytest.raises(StoreFailure):
            await store.ping()
        with pytest.raises(StoreFailure):
            await store.write(lambda connection: lines.add(connection, [LINE]))
    assert contents(tmp_path) == before
    assert b"SQLite format 3" in before["store.sqlite3"]


async def test_a_database_that_is_brought_back_is_used_without_a_restart(database_url: str) -> None:
    with store_on(database_url) as store:
        await store.ping()
    make_newer(database_url)
    with store_on(database_url) as store:
        with pytest.raises(StoreFailure):
            await store.ping()
        on(
            database_url,
            lambda connection: connection.execute(
                text("UPDATE alembic_version SET version_num = :head"), {"head": HEAD}
            ),
        )
        await store.ping()
