"""The texts that sessions are searched in are in step with what is stored, whoever writes that."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, func, select

from billing.domain.sessions.filters import SessionFilter
from billing.maintenance.search_texts import SearchTexts
from billing.store import erased_ids, reset, sync_state
from billing.store.maintenance import erasure
from billing.store.sessions import writes
from billing.store.sessions.search import texts
from billing.store.tables import checkout_sessions, session_search, session_terms
from tests.billing.store.sessions.history import NOW, found, keep
from tests.support.database.stored import copies
from tests.support.stripe_account import session_object
from tests.support.waiting import until

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from billing.store import Store

pytestmark = pytest.mark.anyio


def write_as_older_release(connection: Connection, numbers: range) -> None:
    """What a release without texts writes, row by row."""
    batch = copies([session_object(number, "credits", 1, NOW) for number in numbers])
    writes._upsert_sessions(connection, batch.sessions)
    writes._insert_terms(connection, batch.terms)


def check_index(connection: Connection) -> None:
    """SQLite's index holds what the texts say, and nothing else."""
    if connection.dialect.name == "sqlite":
        command = "INSERT INTO session_search_index (session_search_index, rank)"
        connection.exec_driver_sql(f"{command} VALUES ('integrity-check', 1)")


async def search(store: Store, searched: str) -> list[str]:
    return sorted(await found(store, SessionFilter(search=searched)))


async def test_what_an_older_release_writes_is_searched_as_well(store: Store) -> None:
    await store.write(partial(write_as_older_release, numbers=range(3)))
    ids = [session_object(number, "credits", 1, NOW)["id"] for number in range(3)]
    assert await search(store, "uyer1@") == [ids[1]]
    assert await search(store, ids[2][4:].upper()) == [ids[2]]
    assert await search(store, "@example.com") == ids
    await keep(store, [session_object(number, "credits", 1, NOW) for number in range(3)])
    assert await search(store, "@example.com") == ids

    def take_away(connection: Connection) -> None:
        connection.execute(delete(session_terms).where(session_terms.c.term.contains("buyer1@")))
        gone = checkout_sessions.c.id == ids[2]
        connection.execute(delete(checkout_sessions).where(gone))

    await store.write(take_away)
    assert await search(store, "uyer1@") == []
    assert await search(store, ids[1][4:]) == [ids[1]]
    assert (
        await store.read(lambda c: c.scalar(select(func.count()).select_from(session_search))) == 2
    )
    await store.write(check_index)


async def test_what_is_erased_is_in_no_text_and_in_no_index(store: Store) -> None:
    named = session_object(1, "credits", 1, NOW)
    named["metadata"] |= {"label": "for Buyer1@example.com", "note": "kept"}
    await keep(store, [named, session_object(2, "credits", 1, NOW)])
    await store.write(partial(erasure.anonymize_sessions, ids=[named["id"]]))
    for gone in ("uyer1@", "for buyer1"):
        assert await search(store, gone) == []
    assert await search(store, "@example.com") == ["cs_test_000000000002"]
    texts = await store.read(
        lambda connection: connection.scalars(select(session_search.c.text)).all()
    )
    assert not any("buyer1" in one for one in texts)
    await store.write(check_index)
    await store.write(reset.delete_everything)
    assert await search(store, "@example.com") == []
    await store.write(check_index)


async def test_what_is_stored_anew_without_a_name_while_it_is_erased_is_found_by_none(
    store: Store,
) -> None:
    named = session_object(1, "credits", 1, NOW)
    await keep(store, [named])
    await store.write(partial(erased_ids.add, ids={named["id"]: None}, at=float(NOW)))
    await keep(store, [named])
    await store.write(partial(erasure.anonymize_sessions, ids=[named["id"]]))
    assert await search(store, "uyer1@") == []
    assert await search(store, "@example.com") == []
    await store.write(check_index)


async def test_sessions_in_one_second_have_places_of_their_own(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "crc32", lambda _: 7)
    await keep(store, [session_object(number, "credits", 1, NOW) for number in range(3)])
    await keep(store, [session_object(number, "credits", 1, NOW) for number in range(2, 5)])
    assert len(await search(store, "@example.com")) == 5


async def test_after_an_upgrade_the_texts_are_written_in_the_background(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("billing.maintenance.search_texts.BATCH_SIZE", 2)
    monkeypatch.setattr("billing.maintenance.search_texts.PAUSE_SECONDS", 0.001)
    made = [session_object(number, "credits", 1, NOW - number) for number in range(5)]
    await keep(store, made)

    def forget_texts(connection: Connection) -> None:
        connection.execute(delete(session_search))
        sync_state.save(connection, texts.FILLED_DOWN_TO, {"created": NOW + 1, "id": ""})

    await store.write(forget_texts)
    assert await search(store, "buyer3") == [made[3]["id"]]
    assert await search(store, made[3]["id"]) == [made[3]["id"]]
    await keep(store, made[4:])
    running = asyncio.create_task(SearchTexts(store).run())

    async def is_done() -> bool:
        return await search(store, "uyer3") == [made[3]["id"]]

    await until(is_done, "the texts to be written")
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert await search(store, "@example.com") == sorted(one["id"] for one in made)
    await store.write(check_index)
    number = select(func.count()).select_from(session_search)
    assert await store.read(lambda connection: connection.scalar(number)) == 5
