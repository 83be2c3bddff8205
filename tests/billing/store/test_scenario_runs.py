"""Who works at a run of a scenario, and how far it is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from billing.store import scenario_runs
from billing.store.scenario_runs import StoredRun
from billing.store.tables import scenario_runs as rows

if TYPE_CHECKING:
    from billing.store import Store

pytestmark = pytest.mark.anyio


async def begun(store: Store, run: str = "run-1", document: str = "{}") -> bool:
    begin = partial(scenario_runs.begin, scenario="pro-paid", run=run, document=document)
    return await store.write(begin)


async def stored(store: Store) -> StoredRun:
    (found,) = await store.read(scenario_runs.every)
    return found


async def test_one_run_of_a_scenario_is_under_way_at_a_time(store: Store) -> None:
    assert await begun(store)
    assert not await begun(store, "run-2")
    assert not await begun(store)  # two processes that want it to go on
    await store.write(partial(scenario_runs.end, run="run-1", document="ended"))
    assert await stored(store) == StoredRun("pro-paid", "run-1", "ended", is_alive=False)
    assert await begun(store, "run-2")
    assert await stored(store) == StoredRun("pro-paid", "run-2", "{}", is_alive=True)


async def test_a_run_that_another_has_replaced_stores_nothing_any_more(store: Store) -> None:
    await begun(store)
    await store.write(lambda connection: connection.execute(update(rows).values(alive_until=0)))
    assert await begun(store, "run-2")
    await store.write(partial(scenario_runs.save, run="run-1", document="of the first"))
    assert (await stored(store)).document == "{}"
    assert await store.write(partial(scenario_runs.keep, run="run-1")) is None


async def test_a_run_that_goes_on_stays_alive_until_it_is_to_stop(store: Store) -> None:
    await begun(store)
    await store.write(lambda connection: connection.execute(update(rows).values(alive_until=0)))
    assert await store.write(partial(scenario_runs.keep, run="run-1"))
    assert (await stored(store)).is_alive
    await store.write(partial(scenario_runs.request_stop, scenario="pro-paid"))
    assert await store.write(partial(scenario_runs.keep, run="run-1")) is False
