"""The schema is made once, by whoever starts first, and is what the tables say."""

from __future__ import annotations

import asyncio
import multiprocessing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from pydantic import SecretStr
from sqlalchemy import Connection, Engine, create_engine, inspect

from billing.store import Store, sessions
from billing.store.engine.schema import known_revisions
from billing.store.tables import metadata
from tests.billing.store.engine.schema.migrations import HEAD, alembic, revision
from tests.support.database.databases import store_on
from tests.support.database.stored import copies
from tests.support.servers.processes.forking import fork
from tests.support.stripe_account import session_object

if TYPE_CHECKING:
    from multiprocessing.queues import Queue
    from multiprocessing.synchronize import Barrier


pytestmark = pytest.mark.anyio


STARTS_WITHIN = 60.0
FIRST_SERVED = "0017"  # of here on, old and new processes run side by side


async def test_it_is_made_from_nothing_and_is_what_the_tables_say(store: Store) -> None:
    def is_no_index_of_texts(_one: object, name: str | None, *_: object) -> bool:
        return not str(name).startswith(("session_search_index", "session_search_trigrams"))

    def difference(connection: Connection) -> list[object]:
        options = {"include_object": is_no_index_of_texts}
        return list(
            compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
        )

    assert await store.read(difference) == []
    assert await store.read(revision) == HEAD


def test_each_migration_is_in_the_file_that_begins_with_its_number() -> None:
    scripts = ScriptDirectory.from_config(alembic())
    assert known_revisions() == {script.revision for script in scripts.walk_revisions()}
    assert max(known_revisions()) == scripts.get_current_head()


async def test_a_current_database_is_opened_again_as_it_was(database_url: str) -> None:
    for number in range(3):
        with store_on(database_url) as store:
            made = session_object(number, "credits", 1)
            await store.write(partial(sessions.upsert_sessions, batches=[copies([made])]))
    with store_on(database_url) as store:
        assert len(await store.read(lambda connection: sessions.recent(connection, 9))) == 3


def test_migrations_take_nothing_away_that_the_release_before_needs(tmp_path: Path) -> None:
    scripts = ScriptDirectory.from_config(alembic())
    later = list(scripts.iterate_revisions(HEAD, FIRST_SERVED))
    engine = create_engine(f"sqlite:///{tmp_path / 'schema.sqlite3'}")
    migrate(engine, FIRST_SERVED)
    before = columns(engine)
    for script in reversed(later):
        migrate(engine, script.revision)
        after = columns(engine)
        if "OLDEST_SERVED" in (script.module.__doc__ or ""):  # which says what became needless
            continue
        assert before.keys() <= after.keys(), script.module.__doc__
        for table in before:
            for name, is_optional in after[table].items():
                old = before[table].get(name)
                assert is_optional if old is None else old == is_optional, f"{table}.{name}"
            assert before[table].keys() <= after[table].keys(), table
        before = after
    engine.dispose()


def migrate(engine: Engine, to: str) -> None:
    config = alembic()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, to)


def columns(engine: Engine) -> dict[str, dict[str, bool]]:
    """By table, whether a row may leave out each column."""
    found = inspect(engine)
    return {
        table: {
            one["name"]: bool(one["nullable"] or one["default"]) for one in found.get_columns(table)
        }
        for table in found.get_table_names()
    }


async def test_many_that_start_at_once_on_an_empty_database_all_work(database_url: str) -> None:
    stores = [Store(SecretStr(database_url)) for _ in range(12)]
    try:
        await asyncio.gather(*(store.ping() for store in stores))
        assert await stores[0].read(revision) == HEAD
    finally:
        for store in stores:
            store.close()


def ping(url: str, start: Barrier, kinds: Queue[str]) -> None:
    store = Store(SecretStr(url))
    start.wait(STARTS_WITHIN)
    kinds.put(asyncio.run(store.ping()))
    store.close()


def test_two_processes_that_start_at_once_on_an_empty_database_both_work(database_url: str) -> None:
    context = multiprocessing.get_context("forkserver")
    start, kinds = context.Barrier(2), context.Queue()
    starting = [fork(ping, database_url, start, kinds) for _ in range(2)]
    kind = database_url.partition(":")[0].partition("+")[0]
    assert [kinds.get(timeout=STARTS_WITHIN) for _ in starting] == [kind] * 2
    for process in starting:
        process.join(STARTS_WITHIN)
    assert [process.exitcode for process in starting] == [0, 0]
