"""Indexes are rebuilt while others write, and what an interrupted rebuilding left is removed."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from billing.store import leases
from billing.store.maintenance.indexes import rebuild_indexes

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from billing.store import Store

pytestmark = pytest.mark.anyio

NAMES = text("SELECT relname, relfilenode FROM pg_class WHERE relkind = 'i'")
LEAVE = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'events_pkey_ccnew'::regclass"


def files(connection: Connection) -> dict[str, int]:
    if connection.dialect.name == "sqlite":
        return {}
    return {row.relname: row.relfilenode for row in connection.execute(NAMES)}


async def test_indexes_are_rebuilt_while_others_write(store: Store) -> None:
    before = await store.read(files)
    take = partial(leases.acquire, name="somebody", holder="a", seconds=9.0)
    _, *taken = await asyncio.gather(
        store.maintain(rebuild_indexes), *(store.write(take) for _ in range(20))
    )
    assert all(taken)
    after = await store.read(files)
    assert after.keys() == before.keys()
    rebuilt = {name for name in after if after[name] != before[name]}
    expected = {"events_by_type", "sessions_by_time", "session_terms_pkey"} if before else set()
    assert expected <= rebuilt
    assert "leases_pkey" not in rebuilt


async def test_what_was_left_half_done_is_removed(store: Store) -> None:
    def interrupt(connection: Connection) -> None:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("CREATE INDEX events_pkey_ccnew ON events (id)")
            connection.exec_driver_sql(LEAVE)

    before = await store.read(files)
    await store.maintain(interrupt)
    await store.maintain(rebuild_indexes)
    assert (await store.read(files)).keys() == before.keys()
