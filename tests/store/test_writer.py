"""Group commit: what is asked for together is committed together, and fails alone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from billing.store import sync

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from billing.store import Store

pytestmark = pytest.mark.anyio


def keep(name: str) -> object:
    return lambda connection: sync.save(connection, name, name)


async def names(store: Store) -> set[str]:
    def ask(connection: Connection) -> set[str]:
        return set(connection.scalars(text("SELECT name FROM sync_state")))

    return await store.read(ask)


async def test_a_change_hands_back_its_result_and_is_there_to_read(store: Store) -> None:
    def change(connection: Connection) -> str:
        sync.save(connection, "a", 1)
        return "done"

    assert await store.write(change) == "done"
    assert await store.read(lambda connection: sync.load(connection, "a")) == 1


async def test_changes_asked_for_at_once_are_all_kept(store: Store) -> None:
    def keep(name: str) -> asyncio.Future[None]:
        return asyncio.ensure_future(
            store.write(lambda connection: sync.save(connection, name, name))
        )

    await asyncio.gather(*(keep(f"n{number}") for number in range(1_000)))
    assert await names(store) == {f"n{number}" for number in range(1_000)}


async def test_changes_asked_for_at_once_share_commits(store: Store) -> None:
    await store.ping()
    transactions = set()

    def who(connection: Connection) -> None:
        transactions.add(connection.get_transaction())

    await asyncio.gather(*(store.write(who) for _ in range(200)))
    assert len(transactions) < 20


async def test_a_change_that_raises_is_undone_alone_and_tells_who_asked(store: Store) -> None:
    def fail(connection: Connection) -> None:
        sync.save(connection, "half", "done")
        raise LookupError("this one alone")

    def keep(name: str) -> asyncio.Future[None]:
        return asyncio.ensure_future(
            store.write(lambda connection: sync.save(connection, name, name))
        )

    answers = await asyncio.gather(
        keep("before"), store.write(fail), keep("after"), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [type(None), LookupError, type(None)]
    assert await names(store) == {"before", "after"}


async def test_a_change_that_the_database_refuses_is_undone_alone(store: Store) -> None:
    def refused(connection: Connection) -> None:
        sync.save(connection, "half", "done")
        connection.execute(text("INSERT INTO sync_state (name, value) VALUES ('x', NULL)"))

    def keep(name: str) -> asyncio.Future[None]:
        return asyncio.ensure_future(
            store.write(lambda connection: sync.save(connection, name, name))
        )

    answers = await asyncio.gather(
        keep("before"), store.write(refused), keep("after"), return_exceptions=True
    )
    assert [isinstance(answer, Exception) for answer in answers] == [False, True, False]
    assert await names(store) == {"before", "after"}


async def test_who_stops_waiting_does_not_stop_the_others(store: Store) -> None:
    impatient = asyncio.ensure_future(
        store.write(lambda connection: sync.save(connection, "impatient", 1))
    )
    await asyncio.sleep(0)
    impatient.cancel()
    await store.write(lambda connection: sync.save(connection, "patient", 1))
    assert "patient" in await names(store)


async def test_closing_writes_what_waits(store: Store) -> None:
    waiting = [
        asyncio.ensure_future(
            store.write(lambda connection, name=f"n{number}": sync.save(connection, name, 1))
        )
        for number in range(300)
    ]
    await asyncio.sleep(0)
    store.close()
    await asyncio.gather(*waiting)
    assert len(await names(store)) == 300


async def test_a_closed_store_can_be_used_again(store: Store) -> None:
    await store.write(lambda connection: sync.save(connection, "before", 1))
    store.close()
    await store.write(lambda connection: sync.save(connection, "after", 1))
    assert await names(store) == {"before", "after"}
