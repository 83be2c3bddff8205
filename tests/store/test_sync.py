"""Where the mirror stands, and whose turn it is."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from billing.store import Store, sync

pytestmark = pytest.mark.anyio

if TYPE_CHECKING:
    from collections.abc import Coroutine


def acquire(store: Store, holder: str, now: float) -> Coroutine[None, None, bool]:
    return store.write(lambda connection: sync.acquire(connection, "work", holder, now, 10.0))


async def test_what_was_saved_last_is_loaded(store: Store) -> None:
    assert await store.read(lambda connection: sync.load(connection, "place")) is None
    values: list[object] = [{"left": [1, 2], "text": "quotes ' \" and 🎈"}, {"left": []}]
    for value in values:
        await store.write(partial(sync.save, name="place", value=value))
        assert await store.read(lambda connection: sync.load(connection, "place")) == value


async def test_a_lease_has_one_holder_who_may_keep_it(store: Store) -> None:
    assert await acquire(store, "one", 100.0)
    assert not await acquire(store, "two", 105.0)
    assert await acquire(store, "one", 109.0)
    assert not await acquire(store, "two", 115.0)


async def test_a_lease_that_ran_out_goes_to_who_asks(store: Store) -> None:
    assert await acquire(store, "one", 100.0)
    assert await acquire(store, "two", 110.0)
    assert not await acquire(store, "one", 111.0)


async def test_a_lease_that_was_let_go_is_free_at_once(store: Store) -> None:
    assert await acquire(store, "one", 100.0)
    await store.write(lambda connection: sync.release(connection, "work", "two"))
    assert not await acquire(store, "two", 101.0), "only the holder may let it go"
    await store.write(lambda connection: sync.release(connection, "work", "one"))
    assert await acquire(store, "two", 101.0)


async def test_of_two_processes_that_ask_at_once_one_gets_it(
    store: Store, database_url: str
) -> None:
    other = Store(SecretStr(database_url))
    try:
        for turn in range(30):
            now = 1_000.0 * turn
            answers = await asyncio.gather(acquire(store, "one", now), acquire(other, "two", now))
            assert sorted(answers) == [False, True]
    finally:
        other.close()
