"""A change number grows when rows of its tables have changed, and not before."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from billing.changes.feed import ChangeFeed
from billing.changes.topics import TOPIC_OF_TABLE, Topic
from billing.changes.watch import StatusWatch
from billing.domain.login import SignInRecord
from billing.errors import StoreFailure
from billing.store import Store, leases, reset
from billing.store.access import sign_ins
from billing.store.sessions import upsert_sessions
from billing.store.tables import metadata
from billing.timings import Timings
from tests.support.database.stored import copies
from tests.support.stripe_account import session_object
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from billing.store import Connection

pytestmark = pytest.mark.anyio

SESSION = session_object(1, "credits", 1, 1_700_000_000)


@pytest.fixture
def feed() -> ChangeFeed:
    return ChangeFeed()


@pytest.fixture
def store(feed: ChangeFeed, database_url: str) -> Iterator[Store]:
    opened = Store(SecretStr(database_url), on_commit=feed.tables_changed)
    yield opened
    opened.close()


def grown(feed: ChangeFeed) -> set[Topic]:
    return {topic for topic, number in feed.numbers().items() if number}


async def has(feed: ChangeFeed, topic: Topic, number: int) -> bool:
    return feed.numbers()[topic] == number


def store_session(connection: Connection) -> None:
    upsert_sessions(connection, [copies([SESSION])])


def test_every_table_belongs_to_a_topic_or_to_none() -> None:
    assert set(TOPIC_OF_TABLE) == set(metadata.tables)


async def test_a_change_of_rows_is_one_of_their_topic_whichever_function_made_it(
    store: Store, feed: ChangeFeed
) -> None:
    await store.write(store_session)
    assert grown(feed) == {Topic.SESSIONS}


async def test_what_is_rolled_back_is_no_change(store: Store, feed: ChangeFeed) -> None:
    def fail(connection: Connection) -> None:
        store_session(connection)
        raise ValueError("after all not")

    with pytest.raises(ValueError, match="after all not"):
        await store.write(fail)
    await store.write(partial(leases.acquire, name="work", holder="me", seconds=9))
    assert not grown(feed)


async def test_a_statement_that_finds_no_row_is_no_change(store: Store, feed: ChangeFeed) -> None:
    await store.write(reset.delete_everything)
    await store.write(partial(sign_ins.end, key="nobody's", at=1.0))
    assert not grown(feed)


async def test_a_session_that_is_read_again_as_it_is_stored_is_no_change(
    store: Store, feed: ChangeFeed
) -> None:
    await store.write(store_session)
    before = feed.numbers()
    await store.write(store_session)
    assert feed.numbers() == before
    later = {**SESSION, "status": "expired"}
    await store.write(lambda connection: upsert_sessions(connection, [copies([later])]))
    assert feed.numbers()[Topic.SESSIONS] > before[Topic.SESSIONS]


async def test_a_sign_in_that_ends_is_a_change_and_one_that_is_used_is_none(
    store: Store, feed: ChangeFeed
) -> None:
    record = SignInRecord("key", "somebody", "a@example.com", 1.0, 1.0, "::1")
    await store.write(partial(sign_ins.add, record=record, none_before=0.0))
    before = feed.numbers()
    await store.write(partial(sign_ins.mark_seen, key="key", at=61.0))
    assert feed.numbers() == before
    await store.write(partial(sign_ins.end, key="key", at=62.0))
    assert feed.numbers()[Topic.ACCESS] > before[Topic.ACCESS]


async def test_whoever_listens_is_woken_once_for_many_changes(feed: ChangeFeed) -> None:
    with feed.listening() as moved:
        for _ in range(1_000):
            await asyncio.to_thread(feed.changed, [Topic.EVENTS])
        await moved.wait()
        assert feed.listeners == 1
    assert feed.numbers()[Topic.EVENTS] == 1_000
    assert feed.listeners == 0


async def test_an_outage_of_the_database_may_have_changed_everything(feed: ChangeFeed) -> None:
    answers = iter(["well", None, "well", "well"])

    async def look() -> str:
        answer = next(answers, "well")
        if answer is None:
            raise StoreFailure("The database does not answer.", "Wait.")
        return answer

    watch = StatusWatch(feed, look, Timings(status_watch_seconds=0.01))
    with feed.listening():
        running = asyncio.create_task(watch.run())
        await until(partial(has, feed, Topic.SESSIONS, 2), "the outage, and its end")
        running.cancel()


async def test_what_looks_otherwise_is_a_change_of_the_status_alone(feed: ChangeFeed) -> None:
    seen = ["fresh"]

    async def look() -> str:
        return seen[-1]

    watch = StatusWatch(feed, look, Timings(status_watch_seconds=0.01))
    with feed.listening():
        running = asyncio.create_task(watch.run())
        await asyncio.sleep(0)
        seen.append("stale")
        await until(partial(has, feed, Topic.STATUS, 1), "the change")
        running.cancel()
    assert grown(feed) == {Topic.STATUS}
