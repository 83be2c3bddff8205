"""Pages that ask the same share one read, until something changes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from billing.changes.feed import ChangeFeed
from billing.changes.shared_reads import MOST_RESULTS, SharedReads
from billing.changes.topics import Topic
from billing.errors import StoreFailure
from billing.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from billing.store import Connection

pytestmark = pytest.mark.anyio


class Query:
    """Counts how often it was read; fails as long as there are ``failures``."""

    def __init__(self, failures: int = 0) -> None:
        self.reads = 0
        self._failures = failures

    def __call__(self, _: Connection) -> int:
        self.reads += 1
        if self.reads <= self._failures:
            raise StoreFailure("The database does not answer.")
        return self.reads


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    store = Store(SecretStr(sqlite_url))
    yield store
    store.close()


async def test_all_who_ask_at_once_share_one_read_and_others_read_theirs(store: Store) -> None:
    shared, query, other = SharedReads(ChangeFeed(), store), Query(), Query()
    found = await asyncio.gather(*(shared.read("this", query) for _ in range(20)))
    assert (set(found), query.reads) == ({1}, 1)
    assert await shared.read("that", other) == other.reads == 1


async def test_after_a_change_it_is_read_again(store: Store) -> None:
    feed, query = ChangeFeed(), Query()
    shared = SharedReads(feed, store)
    assert await shared.read("this", query) == 1
    feed.changed([Topic.SESSIONS])
    assert await shared.read("this", query) == 2


async def test_what_changes_without_a_number_is_read_again_soon(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared, query = SharedReads(ChangeFeed(), store), Query()
    assert await shared.read("this", query) == 1
    monkeypatch.setattr("billing.changes.shared_reads.MAX_AGE_SECONDS", 0.0)
    assert await shared.read("this", query) == 2


async def test_a_read_that_failed_is_shared_with_nobody(store: Store) -> None:
    shared, query = SharedReads(ChangeFeed(), store), Query(failures=1)
    with pytest.raises(StoreFailure):
        await shared.read("this", query)
    assert await shared.read("this", query) == 2


async def test_only_the_newest_results_are_held(store: Store) -> None:
    shared, query = SharedReads(ChangeFeed(), store), Query()
    for number in range(MOST_RESULTS + 1):
        await shared.read(number, query)
    await shared.read(MOST_RESULTS, query)
    assert query.reads == MOST_RESULTS + 1
    await shared.read(0, query)
    assert query.reads == MOST_RESULTS + 2


async def test_a_change_of_what_it_does_not_depend_on_leaves_it(store: Store) -> None:
    feed, query = ChangeFeed(), Query()
    shared = SharedReads(feed, store)
    assert await shared.read("this", query, [Topic.SESSIONS]) == 1
    feed.changed([Topic.REQUESTS])
    assert await shared.read("this", query, [Topic.SESSIONS]) == 1
    feed.changed([Topic.SESSIONS])
    assert await shared.read("this", query, [Topic.SESSIONS]) == 2
