"""Where the mirror stands, and whose turn it is."""

from __future__ import annotations

import asyncio
import logging
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr
from sqlalchemy import update

from billing.store import Store, leases, sync_state
from billing.store.tables import leases as lease_rows
from tests.support.database.databases import store_on

pytestmark = pytest.mark.anyio

if TYPE_CHECKING:
    from collections.abc import Coroutine


SECONDS = 10.0


def acquire(store: Store, holder: str) -> Coroutine[None, None, bool]:
    return store.write(partial(leases.acquire, name="work", holder=holder, seconds=SECONDS))


async def move_lease(store: Store, seconds: float) -> None:
    """Have the lease end so many seconds later, as if the clock had been set back by them; or
    earlier, as if they had passed."""
    moved = update(lease_rows).values(until=lease_rows.c.until + seconds)
    await store.write(lambda connection: connection.execute(moved))


async def test_what_was_saved_last_is_loaded(store: Store) -> None:
    assert await store.read(lambda connection: sync_state.load(connection, "place")) is None
    values: list[object] = [{"left": [1, 2], "text": "quotes ' \" and 🎈"}, {"left": []}]
    for value in values:
        await store.write(partial(sync_state.save, name="place", value=value))
        assert await store.read(lambda connection: sync_state.load(connection, "place")) == value


async def test_a_lease_has_one_holder_who_may_keep_it(store: Store) -> None:
    assert await acquire(store, "one")
    assert not await acquire(store, "two")
    await move_lease(store, 1 - SECONDS)
    assert await acquire(store, "one")
    await move_lease(store, -1)
    assert not await acquire(store, "two"), "kept, it ends later"


async def test_a_lease_that_ran_out_goes_to_who_asks(store: Store) -> None:
    assert await acquire(store, "one")
    await move_lease(store, -SECONDS)
    assert await acquire(store, "two")
    assert not await acquire(store, "one")


async def test_a_lease_that_was_let_go_is_free_at_once(store: Store) -> None:
    assert await acquire(store, "one")
    await store.write(lambda connection: leases.release(connection, "work", "two"))
    assert not await acquire(store, "two"), "only the holder may let it go"
    await store.write(lambda connection: leases.release(connection, "work", "one"))
    assert await acquire(store, "two")


async def test_a_lease_from_before_the_clock_was_set_back_keeps_nobody_waiting(
    store: Store,
) -> None:
    assert await acquire(store, "one")
    await move_lease(store, 3_600)
    assert await acquire(store, "two")
    assert not await acquire(store, "one")


async def test_leases_count_by_the_databases_clock_whatever_a_machines_own_says(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store_on(postgres_url) as store:
        assert await acquire(store, "one")
        right = time.time()
        for wrong in (right + 3_600, right - 3_600):
            monkeypatch.setattr(time, "time", partial(float, wrong))
            assert not await acquire(store, "two")


async def test_the_log_says_when_a_lease_was_taken_lost_and_released(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    one, other = leases.Lease("work", SECONDS), leases.Lease("work", SECONDS)
    with caplog.at_level(logging.INFO, "billing.store.leases"):
        for _ in range(2):
            assert await store.write(one.acquire)
            assert not await store.write(other.acquire)
        assert caplog.messages == ["Lease taken: work"]
        await move_lease(store, -SECONDS)
        assert await store.write(other.acquire)
        assert not await store.write(one.acquire)
        await store.write(one.release)
        await store.write(other.release)
    assert caplog.messages[1:] == [
        "Lease taken: work",
        "Lease lost: work",
        "Lease released: work",
    ]


async def test_of_two_processes_that_ask_at_once_one_gets_it(
    store: Store, database_url: str
) -> None:
    other = Store(SecretStr(database_url))
    try:
        for _ in range(30):
            answers = await asyncio.gather(acquire(store, "one"), acquire(other, "two"))
            assert sorted(answers) == [False, True]
            await move_lease(store, -SECONDS)
    finally:
        other.close()
