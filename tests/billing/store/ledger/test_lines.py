"""Lines of the ledger are numbered within what they are about, and never written twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing.domain.ledger.line import Cause, Due, LedgerLine, Origin, total
from billing.domain.sessions.checkout_session import Kind
from billing.errors import StoreFailure
from billing.store import Store
from billing.store.ledger import lines
from tests.support.database.records import granted_totals

pytestmark = pytest.mark.anyio

LINE = LedgerLine(
    subject="cs_test_1",
    sequence=1,
    kind=Kind.CREDITS,
    quantity=5,
    access_until=None,
    cause=Cause.PURCHASE,
    origin="evt_1",
    at=100.0,
    customer="cus_1",
    session_id="cs_test_1",
    payment_intent="pi_1",
)
TAKEN = replace(LINE, sequence=2, quantity=-2, cause=Cause.REFUND, refund="re_1", at=200.0)
OTHER = replace(LINE, subject="cs_test_2", session_id="cs_test_2", customer="cus_2", at=150.0)


async def add(store: Store, *some: LedgerLine) -> None:
    await store.write(lambda connection: lines.add(connection, some))


async def test_the_lines_of_a_subject_come_in_their_order_and_add_up(store: Store) -> None:
    await add(store, TAKEN, OTHER, LINE)
    found = await store.read(lambda c: lines.of_subjects(c, ["cs_test_1", "cs_test_9"]))
    assert found == {"cs_test_1": (LINE, TAKEN)}
    assert total(found["cs_test_1"]) == Due(3)
    assert await store.read(granted_totals) == {"credits": 8}


async def test_a_number_is_given_once_and_what_came_with_it_is_not_written(store: Store) -> None:
    await add(store, LINE)
    with pytest.raises(StoreFailure):
        await add(store, OTHER, replace(LINE, quantity=900))
    assert await store.read(lambda c: lines.of_subjects(c, ["cs_test_1", "cs_test_2"])) == {
        "cs_test_1": (LINE,)
    }


async def test_lines_are_found_by_customer_and_by_session_the_oldest_first(store: Store) -> None:
    await add(store, TAKEN, OTHER, LINE)
    assert await store.read(lambda c: lines.of_customers(c, ["cus_1"])) == [LINE, TAKEN]
    assert await store.read(lambda c: lines.of_sessions(c, ["cs_test_1", "cs_test_2"])) == [
        LINE,
        OTHER,
        TAKEN,
    ]


async def test_purchases_are_counted_by_origin_between_two_times(store: Store) -> None:
    await add(
        store,
        replace(LINE, origin=Origin.RETURN, at=10.0),
        replace(OTHER, origin=Origin.RETURN, at=30.0),
        replace(LINE, subject="cs_test_3", at=20.0),
        replace(TAKEN, origin=Origin.RETURN, at=12.0),
    )
    assert await store.read(lambda c: lines.count_purchases(c, Origin.RETURN, 10.0, 30.0)) == 1
    assert await store.read(lambda c: lines.count_purchases(c, Origin.RETURN, 5.0, 30.0)) == 2
    assert await store.read(lambda c: lines.count_purchases(c, Origin.RETURN, 5.0, 9.0)) == 0
