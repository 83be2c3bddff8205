"""When the database fails, Stripe is told to come again, and nothing acknowledged is lost."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import make_url
from sqlalchemy.pool import Pool

from billing.timings import DatabaseLimits
from tests.support.database.postgres import Postgres
from tests.support.servers.billing_server import BillingServer, billing_server
from tests.support.servers.services import quick_services
from tests.support.servers.settings import settings_for
from tests.support.servers.timings import QUICK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.stripe_account import StripeAccount

PATIENCE = 60.0
UNLIMITED = 1_073_741_823  # SQLite's own bound on the pages of a file
SMALL_DISK = 1024 * 1024  # bytes
ENOUGH_TO_FILL_IT = 100
ENDS_WITHIN = 40.0


def until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"This never came to be: {what}"
        time.sleep(0.01)


def paid_event(account: StripeAccount, quantity: int = 5) -> dict[str, Any]:
    return account.say("completed", account.pay(account.sell("credits", quantity)), listed=False)


def assert_all_settled(server: BillingServer, acknowledged: list[dict[str, Any]]) -> None:
    """What was acknowledged is there, handled and granted; what was not, is not."""
    names = {event["id"] for event in acknowledged}
    until(
        lambda: {row["state"] for row in server.events().values()} == {"handled"},
        "every event handled",
    )
    assert server.events().keys() == names
    assert server.ledger().keys() == {event["data"]["object"]["id"] for event in acknowledged}


def test_a_full_disk_is_reported_loses_nothing_and_is_over_when_there_is_space(
    account: StripeAccount, sqlite_url: str
) -> None:
    account.lists_nothing_new = True
    pages = UNLIMITED

    def limit(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")

    sqlalchemy_event.listen(Pool, "checkout", limit)
    try:
        with billing_server(settings_for(account.url, sqlite_url), QUICK) as server:
            acknowledged = [paid_event(account) for _ in range(5)]
            assert [server.deliver(event).status_code for event in acknowledged] == [200] * 5
            until(lambda: len(server.ledger()) == 5, "the first grants")
            pages = 1  # as many as there are
            more, refused, answer = delivered_until_refused(server, account)
            assert answer["error"] == "The database's disk is full."
            assert "No confirmed data was lost" in answer["reason"]
            assert server.events(), "what is there can still be read"
            pages = UNLIMITED
            assert server.deliver(refused).status_code == 200
            assert_all_settled(server, [*acknowledged, *more, refused])
    finally:
        sqlalchemy_event.remove(Pool, "checkout", limit)


def delivered_until_refused(
    server: BillingServer, account: StripeAccount
) -> tuple[list[dict[str, Any]], dict[str, Any], dict[str, Any]]:
    """Fills the database: events that were acknowledged, the one that was not, and its answer."""
    acknowledged: list[dict[str, Any]] = []
    while len(acknowledged) < ENOUGH_TO_FILL_IT:
        large = paid_event(account)
        large["data"]["object"]["metadata"]["note"] = "x" * 50_000
        answer = server.deliver(large)
        if answer.status_code == 503:
            return acknowledged, large, answer.json()
        assert answer.status_code == 200
        acknowledged.append(large)
    raise AssertionError("The disk is full, and everything is still acknowledged")


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """The kernel refuses to let any file of this process grow further, as on a full disk."""
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))


def test_a_kernel_that_refuses_to_write_is_reported_loses_nothing_and_is_over_when_it_writes(
    account: StripeAccount, sqlite_url: str
) -> None:
    account.lists_nothing_new = True
    with billing_server(settings_for(account.url, sqlite_url), QUICK) as server:
        with files_up_to(SMALL_DISK):
            acknowledged, refused, answer = delivered_until_refused(server, account)
            assert answer["error"] == "The database's file cannot be written."
            assert answer["reason"]
            assert server.events(), "what is there can still be read"
        assert acknowledged
        assert server.deliver(refused).status_code == 200
        assert_all_settled(server, [*acknowledged, refused])


def lock_at_once(connection: psycopg.Connection[Any]) -> bool:
    """One that waited with one table locked could deadlock with the server's own transactions."""
    try:
        connection.execute("LOCK TABLE events, sync_state IN ACCESS EXCLUSIVE MODE NOWAIT")
    except psycopg.errors.LockNotAvailable:
        connection.rollback()
        return False
    return True


@contextmanager
def locked(database_url: str) -> Iterator[None]:
    """Another program holds the database."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        file = sqlite3.connect(str(url.database), isolation_level=None)
        file.execute("BEGIN EXCLUSIVE")
        yield
        file.execute("ROLLBACK")
        file.close()
        return
    with psycopg.connect(url.set(drivername="postgresql").render_as_string()) as connection:
        until(lambda: lock_at_once(connection), "the lock")
        yield
        connection.rollback()


def test_a_locked_database_is_reported_and_used_again_when_it_is_free(
    account: StripeAccount, database_url: str
) -> None:
    account.lists_nothing_new = True
    limits = DatabaseLimits(lock=0.5)
    with billing_server(settings_for(account.url, database_url), QUICK, database=limits) as server:
        before, during = paid_event(account), paid_event(account)
        assert server.deliver(before).status_code == 200
        until(lambda: len(server.ledger()) == 1, "the first grant")
        with locked(database_url):
            answer = server.deliver(during)
            assert answer.status_code == 503
            assert answer.json()["error"] == "The database is locked by another program."
            until(lambda: server.health().status_code == 503, "health, which proves a write")
        assert server.deliver(during).status_code == 200
        assert_all_settled(server, [before, during])


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A PostgreSQL that this test may stop."""
    server = Postgres()
    try:
        yield server
    finally:
        server.close()


def test_a_postgresql_that_stops_and_starts_is_used_again_without_a_restart(
    account: StripeAccount, own_postgres: Postgres
) -> None:
    account.lists_nothing_new = True
    database_url = own_postgres.url(own_postgres.create_database())
    with billing_server(settings_for(account.url, database_url), QUICK) as server:
        acknowledged = [paid_event(account) for _ in range(10)]
        for event in acknowledged:
            assert server.deliver(event).status_code == 200
        own_postgres.stop()  # while they are being settled
        refused = [paid_event(account) for _ in range(3)]
        for event in refused:
            answer = server.deliver(event)
            assert answer.status_code == 503
            assert "does not answer" in answer.json()["error"]
        until(lambda: server.health().status_code == 503, "health without a database")
        own_postgres.start()
        for event in refused:
            assert server.deliver(event).status_code == 200
        until(lambda: server.health().status_code == 200, "health once the database is back")
        assert_all_settled(server, acknowledged + refused)


def test_a_database_that_cannot_be_made_yet_is_used_once_it_can(
    account: StripeAccount, tmp_path: Path
) -> None:
    account.lists_nothing_new = True
    in_the_way = tmp_path / "data"
    in_the_way.write_text("a file where the folder belongs")
    with billing_server(
        settings_for(account.url, f"sqlite:///{in_the_way}/store.sqlite3"), QUICK
    ) as server:
        event = paid_event(account)
        answer = server.deliver(event)
        assert answer.status_code == 503
        assert "cannot be created" in answer.json()["error"]
        assert "DATABASE_URL" in answer.json()["reason"]
        in_the_way.unlink()
        assert server.deliver(event).status_code == 200
        assert_all_settled(server, [event])


def test_an_end_while_the_database_is_gone_is_an_end(
    account: StripeAccount, own_postgres: Postgres
) -> None:
    database_url = own_postgres.url(own_postgres.create_database())

    async def run_and_end() -> None:
        services = quick_services(settings_for(account.url, database_url))
        async with asyncio.timeout(ENDS_WITHIN), services.running():
            await services.store.ping()
            await asyncio.to_thread(own_postgres.stop)
            services.mirror.enqueue(account.sell())

    asyncio.run(run_and_end())
