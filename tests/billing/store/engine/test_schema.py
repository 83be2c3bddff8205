"""The schema is made, upgraded, and left alone where it is newer."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from pydantic import SecretStr
from sqlalchemy import Connection, Engine, create_engine, inspect, text

from billing.domain.events.event import Refusal, Subject
from billing.domain.ledger.line import Cause, LedgerLine
from billing.domain.sessions.checkout_session import Kind, Outcome
from billing.domain.sessions.filters import SessionFilter
from billing.domain.sessions.source import Source
from billing.errors import StoreFailure
from billing.store import Store, events, sessions, stale_customers
from billing.store.engine.releases import RELEASE
from billing.store.engine.schema import MIGRATIONS, known_revisions
from billing.store.events import refusals
from billing.store.ledger import lines
from billing.store.tables import metadata
from tests.billing.store.ledger.test_lines import LINE
from tests.support.database.databases import fresh_database, store_on
from tests.support.database.records import granted_totals
from tests.support.database.stored import copies
from tests.support.servers.processes.forking import fork
from tests.support.servers.timings import RETRIES
from tests.support.stripe_account import session_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.queues import Queue
    from multiprocessing.synchronize import Barrier

    from tests.support.database.postgres import Postgres


pytestmark = pytest.mark.anyio


STARTS_WITHIN = 60.0
FIRST_SERVED = "0017"  # of here on, old and new processes run side by side


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Here a file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'store.sqlite3'}"


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """Here a database without a schema."""
    with fresh_database(postgres) as url:
        yield url


def on(url: str, work: Callable[[Connection], object]) -> None:
    """Work on a database past the store."""
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            work(connection)
    finally:
        engine.dispose()


def alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


HEAD = ScriptDirectory.from_config(alembic()).get_current_head()


NOW = 1_780_000_000


# Of each session its status, payment status and progress, as they were stored.
OLDER = (
    ("open", "unpaid", 0),
    ("complete", "unpaid", 1),
    ("complete", "paid", 2),
    ("complete", "no_payment_required", 2),
    ("expired", "unpaid", 2),
)


MADE_BY = ("page", "ada@example.com", "api", "test kit", "demo history")
SOURCES = ["page", "page", "api", "test_kit", "demo"]

# Payments that were declined, and what of it could be read.
DECLINED = {
    "evt_declined": {"data": {"object": {"id": "pi_1", "metadata": {"reference": "reference-0"}}}},
    "evt_of_another_app": {"data": {"object": {"id": "pi_2", "metadata": {"order": "reference"}}}},
    "evt_damaged": "reference",
}


FAILED = [("evt_0", "handled", 1), ("evt_1", "failed", 5), ("evt_2", "failed", 6)]


REFUSED = [(NOW + 5.5, "Old."), (NOW + 1.25, "Old."), (NOW + 2.0, "Wrong."), (NOW + 90.0, "Old.")]


def make_older(url: str) -> None:
    """A database as the first version of this code made it: a grant, a term, and sessions."""

    def work(connection: Connection) -> None:
        config = alembic()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        assert revision(connection) == "0001"
        for name, kind, quantity in (
            ("cs_test_1", "credits", 5),
            ("cs_test_000000000002", "pro", 1),
        ):
            connection.execute(
                text(
                    "INSERT INTO grants VALUES"
                    " (:session, :kind, :quantity, 99, 'usd', 'cus_1', 'a@example.com', 'evt_1', 9)"
                ),
                {"session": name, "kind": kind, "quantity": quantity},
            )
        connection.execute(text("INSERT INTO session_terms VALUES ('ada', 1, 'cs_test_1')"))
        for name, state, attempts in FAILED:
            connection.execute(
                text(
                    "INSERT INTO events (id, type, created, object_id, received_at, source,"
                    " deliveries, state, attempts, settled_at, payload)"
                    " VALUES (:id, 'x', 1, 'cs_test_1', 1, 'webhook', 1, :state, :attempts, 7, '')"
                ),
                {"id": name, "state": state, "attempts": attempts},
            )
        for name, payload in DECLINED.items():
            connection.execute(
                text(
                    "INSERT INTO events (id, type, created, object_id, received_at, source,"
                    " deliveries, state, attempts, payload) VALUES (:id,"
                    " 'payment_intent.payment_failed', 1, 'pi', 1, 'poll', 0, 'ignored', 0, :sent)"
                ),
                {"id": name, "sent": json.dumps(payload)},
            )
        for at, reason in REFUSED:
            connection.execute(
                text(
                    "INSERT INTO rejected_deliveries (received_at, reason, next_step, size)"
                    " VALUES (:at, :reason, 'Mend it.', 9)"
                ),
                {"at": at, "reason": reason},
            )
        for number, (status, payment_status, progress) in enumerate(OLDER):
            session = session_object(number, "credits", 1, NOW - number)
            session |= {"status": status, "payment_status": payment_status}
            session["metadata"]["made_by"] = MADE_BY[number]
            session["client_reference_id"] = f"reference-{number}"
            if number == 2:
                session |= {"subscription": "sub_2", "payment_intent": None}
            connection.execute(
                text(
                    "INSERT INTO checkout_sessions (id, created, progress, status, payment_status,"
                    " ours, kind, data) VALUES (:id, :created, :progress, :status,"
                    " :payment_status, true, 'credits', :data)"
                ),
                session | {"progress": progress, "data": json.dumps(session)},
            )

    on(url, work)


def make_newer(url: str, oldest_served: int = RELEASE + 1) -> None:
    """As the database is once a newer release has upgraded it."""

    def upgrade(connection: Connection) -> None:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        oldest = {"oldest": oldest_served}
        connection.execute(text("UPDATE schema_release SET oldest_served = :oldest"), oldest)
        connection.execute(text("ALTER TABLE ledger ADD COLUMN added_later VARCHAR(16)"))

    on(url, upgrade)


def terms(connection: Connection) -> list[tuple[object, ...]]:
    return [tuple(row) for row in connection.execute(text("SELECT * FROM session_terms"))]


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


async def test_an_older_database_is_upgraded_and_keeps_what_it_holds(database_url: str) -> None:
    make_older(database_url)
    with store_on(database_url) as store:
        assert await store.read(revision) == HEAD
        assert await store.read(granted_totals) == {"credits": 5, "pro": 1}
        granted = await store.read(lambda c: lines.of_subjects(c, ["cs_test_1", "sub_2"]))
        assert granted == {
            "cs_test_1": (replace(LINE, at=9.0, payment_intent=None),),
            "sub_2": (
                LedgerLine(
                    *("sub_2", 1, Kind.PRO, 1, None, Cause.PURCHASE, "evt_1", 9.0, "cus_1"),
                    session_id="cs_test_000000000002",
                    subscription="sub_2",
                ),
            ),
        }
        assert await store.read(terms) == [("ada", 1, "cs_test_1")]
        assert await store.read(partial(stale_customers.first, limit=9)) == {"cus_1": 1}
        known_refusals = await store.read(lambda connection: refusals.newest(connection, 9))
        assert known_refusals == [
            Refusal("Old.", NOW + 80, NOW + 90, 1, "Mend it.", 9),
            Refusal("Old.", NOW - 40, NOW + 5.5, 2, "Mend it.", 9),
            Refusal("Wrong.", NOW - 40, NOW + 2, 1, "Mend it.", 9),
        ]
        due = await store.write(lambda connection: events.due(connection, NOW, RETRIES, 9))
        assert [one.id for one in due] == ["evt_declined", "evt_1"]
        assert [one.subject for one in due] == [Subject.DECLINE, Subject.SESSION]
        found = await store.read(lambda connection: sessions.recent(connection, 9))
        outcomes = ["open", "processing", "paid", "paid", "expired"]
        assert [one.outcome for one in found] == outcomes
        for outcome in Outcome:
            wanted = SessionFilter(outcomes=frozenset({outcome}))
            page = await store.read(partial(sessions.page, wanted=wanted, limit=9))
            assert len(page.sessions) == outcomes.count(outcome)
        for source in Source:
            page = await store.read(
                partial(sessions.page, wanted=SessionFilter(sources=frozenset({source})), limit=9)
            )
            assert len(page.sessions) == SOURCES.count(source)
        assert [one.source for one in found] == SOURCES
        older = session_object(2, "credits", 1, NOW - 2)  # a state that is long past
        await store.write(
            lambda connection: sessions.upsert_sessions(connection, [copies([older])])
        )
        known = await store.read(partial(sessions.get, session_id=older["id"]))
        assert known is not None
        assert known.is_paid


async def test_a_current_database_is_opened_again_as_it_was(database_url: str) -> None:
    for number in range(3):
        with store_on(database_url) as store:
            made = session_object(number, "credits", 1)
            await store.write(partial(sessions.upsert_sessions, batches=[copies([made])]))
    with store_on(database_url) as store:
        assert len(await store.read(lambda connection: sessions.recent(connection, 9))) == 3


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
