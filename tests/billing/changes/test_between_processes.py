"""Processes on one PostgreSQL hear of each other's changes, behind a pool of connections too."""

from __future__ import annotations

from contextlib import asynccontextmanager
from itertools import count
from typing import TYPE_CHECKING

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import make_url

from billing.changes.between_processes import ChangesBetweenProcesses
from billing.changes.feed import ChangeFeed
from billing.changes.topics import Topic
from billing.store import Store, change_numbers
from billing.store.sessions import upsert_sessions
from billing.timings import Timings
from tests.support.database.stored import copies
from tests.support.pgbouncer import pgbouncer
from tests.support.servers.services import at_work
from tests.support.stripe_account import session_object
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from billing.store import Connection
    from tests.support.database.postgres import Postgres

pytestmark = pytest.mark.anyio

_numbers = count(1)  # of sessions, so that each is another one
TIMINGS = Timings(changes_announce_seconds=0.01, changes_read_seconds=0.02)


class Process:
    """What a process has of this, on a database."""

    def __init__(self, url: str) -> None:
        self.feed = ChangeFeed()
        self.store = Store(SecretStr(url), on_commit=self.feed.tables_changed)
        self._heard = self.feed.numbers()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        between = ChangesBetweenProcesses(self.feed, self.store, TIMINGS)
        async with at_work(between.announce, between.hear):
            yield
        self.store.close()

    async def sell(self) -> None:
        """Add a row, as anything of the product does."""
        session = session_object(next(_numbers), "credits", 1, 1_700_000_000)

        def store_session(connection: Connection) -> None:
            upsert_sessions(connection, [copies([session])])

        await self.store.write(store_session)

    async def has_heard(self) -> bool:
        """Of a change of sessions and nothing else, since this was last true."""
        numbers = self.feed.numbers()
        new = {topic for topic in Topic if numbers[topic] > self._heard[topic]}
        if new == {Topic.SESSIONS}:
            self._heard = numbers
        return new == {Topic.SESSIONS}

    async def hears(self, other: Process) -> None:
        """It is in step with the other, whichever of them began first."""

        async def does() -> bool:
            await other.sell()
            return self.feed.numbers()[Topic.SESSIONS] > self._heard[Topic.SESSIONS] + 1

        await until(does, "the first change to be heard")
        self._heard = self.feed.numbers()


async def announced(process: Process) -> dict[str, int]:
    return await process.store.read(change_numbers.load)


async def test_a_process_hears_of_what_another_one_has_changed(postgres_url: str) -> None:
    one, other = Process(postgres_url), Process(postgres_url)
    async with one.running(), other.running():
        await other.hears(one)
        await one.sell()
        await until(other.has_heard, "the change")
        assert await announced(one)


async def test_a_connection_that_is_lost_is_replaced(postgres_url: str) -> None:
    one, other = Process(postgres_url), Process(postgres_url)
    async with one.running(), other.running():
        await other.hears(one)
        plain = make_url(postgres_url).set(drivername="postgresql").render_as_string()
        with psycopg.connect(plain, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE query LIKE 'LISTEN%' AND pid <> pg_backend_pid()"
            )
        await other.hears(one)


async def test_behind_a_pool_the_numbers_are_read(postgres: Postgres, postgres_url: str) -> None:
    with pgbouncer(postgres) as folder:
        pooled = f"{postgres_url.partition('?')[0]}?host={folder}&port=6432"
        one, other = Process(pooled), Process(pooled)
        async with one.running(), other.running(), one.store.listening("any") as heard:
            assert heard is None
            await other.hears(one)
            await one.sell()
            await until(other.has_heard, "the change")
