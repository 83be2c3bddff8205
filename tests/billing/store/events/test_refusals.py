"""Refused deliveries, summed up by when and why."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest

from billing.domain.events.event import EventFilter, Refusal
from billing.store import events
from billing.store.events import refusals
from billing.store.events.refusals import SUMS_PER_REASON

if TYPE_CHECKING:
    from billing.store import Store

pytestmark = pytest.mark.anyio

MISSING = Refusal("The header is missing.", 60.0, 65.0, 4, "Only Stripe calls this.", 12)
OLD = Refusal("It is too old.", 60.0, 70.0, 1, "Check the clock.", 5_000)


async def add(store: Store, *some: Refusal) -> None:
    await store.write(partial(refusals.add, refusals=some))


async def known(store: Store) -> list[Refusal]:
    return await store.read(lambda connection: refusals.newest(connection, 1_000))


async def since(store: Store, moment: float) -> int:
    return await store.read(lambda connection: refusals.count_since(connection, moment))


async def test_those_of_one_start_and_reason_are_one_sum_that_shows_the_last(store: Store) -> None:
    await add(store, MISSING, OLD)
    later = replace(MISSING, received_at=90.0, count=3, size=7)
    await add(store, later)
    assert await known(store) == [replace(later, count=7), OLD]


async def test_sums_that_began_apart_stay_apart_and_are_counted_since_a_moment(
    store: Store,
) -> None:
    await add(store, MISSING, OLD, replace(MISSING, started_at=120.0, received_at=130.0))
    assert await since(store, 130.0) == 0
    assert await since(store, 65.0) == 5
    assert await since(store, 0.0) == 9
    counts = await store.read(partial(events.count_by_state, wanted=EventFilter()))
    assert counts.refused == 9


async def test_a_flood_of_one_reason_drives_out_its_own_oldest_and_no_other(store: Store) -> None:
    await add(store, OLD)
    for minute in range(SUMS_PER_REASON + 50):
        at = 60.0 * minute
        await add(store, replace(MISSING, started_at=at, received_at=at + 59))
    left = await known(store)
    assert len(left) == SUMS_PER_REASON + 1
    assert OLD in left
    assert min(one.started_at for one in left if one.reason == MISSING.reason) == 60.0 * 50
