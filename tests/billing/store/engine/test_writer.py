"""Group commit: what is asked for together is committed together, and fails alone."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from billing.domain.events.event import EventSource, EventState
from billing.errors import RecordRefused, StoreFailure
from billing.store import Store, events, sync_state
from tests.support.stripe_account import event_object, session_object

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from sqlalchemy import Connection

pytestmark = pytest.mark.anyio


def keep(store: Store, name: str) -> Coroutine[None, None, None]:
    return store.write(lambda connection: sync_state.save(connection, name, name))


async def names(store: Store) -> set[str]:
    def ask(connection: Connection) -> set[str]:
        return set(connection.scalars(text("SELECT name FROM sync_state")))

    return await store.read(ask)


async def test_a_change_hands_back_its_result_and_is_there_to_read(store: Store) -> None:
    def change(connection: Connection) -> str:
        sync_state.save(connection, "a", 1)
        return "done"

    assert await store.write(change) == "done"
    assert await store.read(lambda connection: sync_state.load(connection, "a")) == 1


async def test_changes_asked_for_at_once_are_all_kept(store: Store) -> None:
    wanted = {f"n{number}" for number in range(1_000)}
    await asyncio.gather(*(keep(store, name) for name in wanted))
    assert await names(store) == wanted


async def test_changes_asked_for_at_once_share_commits(store: Store) -> None:
    await store.ping()
    transactions = set()

    def who(connection: Connection) -> None:
        transactions.add(connection.get_transaction())

    await asyncio.gather(*(store.write(who) for _ in range(200)))
    assert len(transactions) < 20


async def test_what_is_urgent_is_written_before_what_waits_and_not_together_with_it(
    store: Store,
) -> None:
    written: list[tuple[str, object]] = []
    held, go_on = threading.Event(), threading.Event()

    def hold(_connection: Connection) -> None:
        held.set()
        go_on.wait()

    def other(connection: Connection) -> None:
        written.append(("other", connection.get_transaction()))

    def urgent(connection: Connection, items: list[int]) -> list[int]:
        written.append((f"{len(items)} urgent", connection.get_transaction()))
        return items

    async with asyncio.TaskGroup() as group:
        group.create_task(store.write(hold))
        await asyncio.to_thread(held.wait)
        for _ in range(3):
            group.create_task(store.write(other))
        for number in range(3):
            group.create_task(store.write_each(urgent, number, urgent=True))
        await asyncio.sleep(0)
        go_on.set()
    assert [name for name, _ in written] == ["3 urgent", "other", "other", "other"]
    assert written[0][1] not in [transaction for _, transaction in written[1:]]


async def test_a_change_that_raises_is_undone_alone_and_tells_who_asked(store: Store) -> None:
    def fail(connection: Connection) -> None:
        sync_state.save(connection, "half", "done")
        raise LookupError("this one alone")

    answers = await asyncio.gather(
        keep(store, "before"), store.write(fail), keep(store, "after"), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [type(None), LookupError, type(None)]
    assert await names(store) == {"before", "after"}


async def test_a_change_that_stops_in_the_midst_of_its_rows_stops_no_other(store: Store) -> None:
    await asyncio.gather(*(keep(store, f"n{number}") for number in range(9)))

    def stop(connection: Connection) -> None:
        found = connection.scalars(text("UPDATE sync_state SET value = name RETURNING name"))
        for name in found:
            raise LookupError(name)

    def look(connection: Connection) -> None:
        found = connection.scalars(text("SELECT name FROM sync_state"))
        for name in found:
            raise LookupError(name)

    remembered = []  # as a log or a debugger does
    for number in range(3):
        answers = await asyncio.gather(
            store.write(look),
            keep(store, f"before{number}"),
            store.write(stop),
            store.read(look),
            keep(store, f"after{number}"),
            return_exceptions=True,
        )
        assert [type(answer).__name__ for answer in answers] == [
            *("LookupError", "NoneType", "LookupError", "LookupError", "NoneType")
        ]
        remembered.append(answers)
    assert len(await names(store)) == 9 + 6


async def test_a_change_that_leaves_rows_unread_costs_its_own_commit_only(store: Store) -> None:
    await asyncio.gather(*(keep(store, f"n{number}") for number in range(9)))
    unread = []

    def leave(connection: Connection) -> None:
        unread.append(connection.execute(text("UPDATE sync_state SET name = name RETURNING name")))

    for number in range(3):
        with suppress(StoreFailure):  # SQLite does not commit, PostgreSQL does
            await store.write(leave)
        await keep(store, f"after{number}")
    assert {"after0", "after1", "after2"} <= await names(store)


async def test_a_record_that_the_database_refuses_is_undone_alone(store: Store) -> None:
    def refused(connection: Connection) -> None:
        sync_state.save(connection, "half", "done")
        connection.execute(text("INSERT INTO sync_state (name, value) VALUES ('x', NULL)"))

    answers = await asyncio.gather(
        keep(store, "before"), store.write(refused), keep(store, "after"), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [type(None), RecordRefused, type(None)]
    assert await names(store) == {"before", "after"}


async def test_items_of_one_change_are_written_by_one_call_and_answered_each(store: Store) -> None:
    await store.ping()
    calls = []

    def squared(_connection: Connection, numbers: list[int]) -> list[int]:
        calls.append(numbers)
        return [number**2 for number in numbers]

    answers = await asyncio.gather(*(store.write_each(squared, number) for number in range(200)))
    assert answers == [number**2 for number in range(200)]
    assert len(calls) < 20


async def test_an_item_that_cannot_be_written_is_undone_alone(store: Store) -> None:
    def written(connection: Connection, values: list[str | None]) -> list[str]:
        for value in values:
            name = value or "half done"
            connection.execute(text("INSERT INTO sync_state VALUES (:name, 'x')"), {"name": name})
            if value is None:
                connection.execute(text("INSERT INTO sync_state VALUES ('null', NULL)"))
        return [f"{value} is kept" for value in values]

    answers = await asyncio.gather(
        *(store.write_each(written, value) for value in ("a", "b", None, "c")),
        return_exceptions=True,
    )
    assert answers[:2] + answers[3:] == ["a is kept", "b is kept", "c is kept"]
    assert isinstance(answers[2], StoreFailure)
    assert await names(store) == {"a", "b", "c"}


async def test_who_stops_waiting_does_not_stop_the_others(store: Store) -> None:
    impatient = asyncio.ensure_future(keep(store, "impatient"))
    await asyncio.sleep(0)
    impatient.cancel()
    await keep(store, "patient")
    assert "patient" in await names(store)


async def test_closing_writes_what_waits(store: Store) -> None:
    waiting = [asyncio.ensure_future(keep(store, f"n{number}")) for number in range(300)]
    await asyncio.sleep(0)
    store.close()
    await asyncio.gather(*waiting)
    assert len(await names(store)) == 300


async def test_a_closed_store_can_be_used_again(store: Store) -> None:
    await keep(store, "before")
    store.close()
    await keep(store, "after")
    assert await names(store) == {"before", "after"}


async def test_two_processes_that_write_the_same_rows_in_another_order_both_succeed(
    store: Store, database_url: str
) -> None:
    known = [event_object(f"evt_{n}", "expired", session_object(n, "pro", 1)) for n in range(20)]

    async def record(into: Store, order: list[dict[str, object]]) -> None:
        await asyncio.gather(
            *(
                into.write_each(
                    events.record,
                    events.ReceivedEvent(event, EventSource.WEBHOOK, EventState.IGNORED, 0.0),
                )
                for event in order
            )
        )

    other = Store(SecretStr(database_url))
    try:
        for _ in range(20):
            await asyncio.gather(record(store, known), record(other, known[::-1]))
    finally:
        other.close()
    counts = await store.read(
        lambda connection: set(connection.scalars(text("SELECT deliveries FROM events")))
    )
    assert counts == {40}
