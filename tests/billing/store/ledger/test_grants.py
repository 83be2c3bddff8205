"""The ledger has one line for each paid session."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from pydantic import SecretStr

from billing.domain.grant import Grant, GrantCause
from billing.store import Store
from billing.store.ledger import grants
from tests.support.database.records import granted_totals

pytestmark = pytest.mark.anyio

LINE = Grant(
    session_id="cs_test_1",
    kind="credits",
    quantity=5,
    amount_total=495,
    currency="usd",
    customer="cus_1",
    customer_email="a@example.com",
    cause="evt_1",
    granted_at=100.0,
)


async def add(store: Store, *lines: Grant) -> list[Grant]:
    return await store.write(lambda connection: grants.add(connection, *lines))


async def test_a_session_brings_one_line_and_the_first_stays(store: Store) -> None:
    again = replace(LINE, quantity=900, cause="evt_2", granted_at=200.0)
    assert await add(store, LINE, again) == [LINE]
    assert await add(store, again) == []
    found = await store.read(lambda connection: grants.of_session(connection, "cs_test_1"))
    assert found == LINE


async def test_a_session_that_brought_nothing_has_none(store: Store) -> None:
    found = await store.read(lambda connection: grants.of_session(connection, "cs_test_1"))
    assert found is None


async def test_two_processes_at_once_write_it_once(store: Store, database_url: str) -> None:
    other = Store(SecretStr(database_url))
    try:
        for number in range(30):
            line = replace(LINE, session_id=f"cs_test_{number}")
            answers = await asyncio.gather(add(store, line), add(other, line))
            assert sorted(answers, key=len) == [[], [line]]
    finally:
        other.close()
    assert await store.read(granted_totals) == {"credits": 150}


async def test_a_customers_lines_come_newest_first(store: Store) -> None:
    later = replace(LINE, session_id="cs_test_2", granted_at=200.0)
    other = replace(LINE, session_id="cs_test_3", customer_email="b@example.com")
    await add(store, LINE, later, other)
    lines = await store.read(lambda connection: grants.of_customer(connection, "a@example.com"))
    assert lines == [later, LINE]


async def test_the_lines_of_a_cause_are_counted_between_two_times(store: Store) -> None:
    lines = [
        Grant(f"cs_test_{name}", "pro", 1, 9900, "usd", None, None, cause, at)
        for name, cause, at in (("a", "return", 10.0), ("b", "return", 30.0), ("c", "evt_1", 20.0))
    ]
    await store.write(lambda connection: grants.add(connection, *lines))
    assert await store.read(lambda c: grants.count(c, GrantCause.RETURN, 10.0, 30.0)) == 1
    assert await store.read(lambda c: grants.count(c, GrantCause.RETURN, 5.0, 30.0)) == 2
    assert await store.read(lambda c: grants.count(c, GrantCause.RETURN, 5.0, 9.0)) == 0
