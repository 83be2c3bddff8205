"""Databases that are not there, not ours or broken are refused with a word and left alone."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from billing.errors import NotConfigured, StoreFailure
from billing.store.ledger import lines
from tests.billing.store.ledger.test_lines import LINE
from tests.support.database.databases import store_on
from tests.support.database.records import granted_totals

pytestmark = pytest.mark.anyio


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Here a file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'store.sqlite3'}"


async def test_a_file_that_is_no_database_is_refused_and_left_alone(
    tmp_path: Path, sqlite_url: str
) -> None:
    letter = b"Dear diary, " * 1_000
    file = tmp_path / "store.sqlite3"
    file.write_bytes(letter)
    with store_on(sqlite_url) as store, pytest.raises(StoreFailure) as refused:
        await store.ping()
    assert "not a database" in refused.value.message
    assert file.read_bytes() == letter


async def test_a_torn_file_is_refused_with_a_word(tmp_path: Path, sqlite_url: str) -> None:
    with store_on(sqlite_url) as store:
        await store.write(lambda connection: lines.add(connection, [LINE]))
    file = tmp_path / "store.sqlite3"
    file.write_bytes(file.read_bytes()[:4096] + b"\xff" * 4096)
    with store_on(sqlite_url) as store, pytest.raises(StoreFailure) as refused:
        await store.read(granted_totals)
    assert "damaged" in refused.value.message


@pytest.mark.parametrize(
    "url", ["not a url", "sqlite", "mysql://a:hunter2@h/d", "postgresql+nothing://a:hunter2@h/d"]
)
async def test_a_url_that_says_nothing_is_named_and_not_repeated(url: str) -> None:
    with store_on(url) as store, pytest.raises(NotConfigured) as refused:
        await store.ping()
    assert refused.value.setting == "DATABASE_URL"
    assert "hunter2" not in refused.value.message + refused.value.next_step


async def test_a_server_that_is_not_there_is_reported_without_its_password() -> None:
    nowhere = "postgresql+psycopg://a:hunter2@127.0.0.1:9/d"
    with store_on(nowhere) as store, pytest.raises(StoreFailure) as refused:
        await store.ping()
    assert "does not answer" in refused.value.message
    assert "hunter2" not in f"{refused.value} {refused.value.next_step} {refused.value.__cause__}"


async def test_a_folder_that_does_not_exist_is_made(tmp_path: Path) -> None:
    with store_on(f"sqlite:///{tmp_path}/new/folder/store.sqlite3") as store:
        assert await store.ping() == "sqlite"


def test_a_file_of_another_program_is_not_written_over(tmp_path: Path, sqlite_url: str) -> None:
    file = sqlite3.connect(tmp_path / "store.sqlite3")
    file.execute("CREATE TABLE somebody_elses (id INTEGER)")
    file.execute("INSERT INTO somebody_elses VALUES (1)")
    file.commit()
    with store_on(sqlite_url) as store:
        asyncio.run(store.ping())
    assert file.execute("SELECT id FROM somebody_elses").fetchall() == [(1,)]
    file.close()
