"""Health proves that a write works, readiness that our copy is in step; both answer in time."""

from __future__ import annotations

import asyncio
import gc
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from billing.domain.sync_state import STALE_AFTER, SyncState
from billing.errors import BillingError, NotConfigured, StoreFailure, StripeFailure
from billing.health import Health, SharedQuery
from billing.services import Services
from billing.sync import checkpoint
from tests.support.servers.services import at_work, open_services
from tests.support.servers.settings import settings_for
from tests.support.servers.timings import QUICK
from tests.support.stripe_account import DOWN
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from sqlalchemy import Connection

    from tests.support.stripe_account import StripeAccount

pytestmark = pytest.mark.anyio


@pytest.fixture
async def services(account: StripeAccount, database_url: str) -> AsyncIterator[Services]:
    async with open_services(account.url, database_url) as opened:
        yield opened


async def test_one_write_answers_all_who_ask_within_a_second(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, writes = services.store.write, 0

    async def counted(change: Callable[[Connection], Any]) -> Any:
        nonlocal writes
        writes += 1
        return await write(change)

    monkeypatch.setattr(services.store, "write", counted)
    health = Health(services.store, services.mirror, replace(QUICK, health_max_age_seconds=60.0))
    kinds = await asyncio.gather(*(health.database() for _ in range(100)))
    assert set(kinds) <= {"sqlite", "postgresql"}
    assert writes == 1
    health = Health(services.store, services.mirror, replace(QUICK, health_max_age_seconds=0.0))
    for _ in range(2):
        await health.database()
    assert writes == 3


async def test_a_write_that_hangs_is_unhealthy_in_time_and_is_not_asked_for_again(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    health = Health(services.store, services.mirror, replace(QUICK, health_deadline_seconds=0.1))
    write, writes, may_go_on = services.store.write, 0, asyncio.Event()

    async def hanging(change: Callable[[Connection], Any]) -> Any:
        nonlocal writes
        writes += 1
        await may_go_on.wait()
        return await write(change)

    monkeypatch.setattr(services.store, "write", hanging)
    for _ in range(3):
        with pytest.raises(StoreFailure, match="did not accept a write within"):
            await health.database()
    assert writes == 1
    may_go_on.set()

    async def is_healthy() -> bool:
        try:
            await health.database()
        except StoreFailure:
            return False
        return True

    await until(is_healthy, "health once the database takes writes")


async def test_a_query_that_fails_when_nobody_waits_for_it_any_longer_is_no_mistake() -> None:
    reports: list[dict[str, Any]] = []
    loop, may_fail, has_failed = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()

    async def failing() -> None:
        await may_fail.wait()
        has_failed.set()
        raise OSError

    query = SharedQuery(failing, replace(QUICK, health_deadline_seconds=0.01))
    before = loop.get_exception_handler()
    loop.set_exception_handler(lambda _, report: reports.append(report))
    try:
        with pytest.raises(StoreFailure):
            await query.answer("answer")
        may_fail.set()
        await has_failed.wait()
        del query
        gc.collect()
        await asyncio.sleep(0)
    finally:
        loop.set_exception_handler(before)
    assert not reports


async def test_it_is_ready_once_our_copy_is_in_step(
    services: Services, account: StripeAccount
) -> None:
    account.sell("credits", 5)
    with pytest.raises(StripeFailure, match="history is still being read"):
        await services.report_readiness()
    started = time.time()
    async with at_work(services.sync_worker.run):

        async def is_ready() -> bool:
            try:
                report = await services.report_readiness()
            except BillingError:
                return False
            assert report["status"] == "ready"
            assert started <= report["as_of"] <= time.time()
            return True

        await until(is_ready, "a copy in step")


@pytest.mark.parametrize("seconds", [2 * STALE_AFTER, -2 * STALE_AFTER])
async def test_it_is_not_ready_while_nobody_has_asked_stripe_for_long(
    services: Services, seconds: float
) -> None:
    """Or when the last look lies ahead, since the clock was set back."""
    failure = {"complete": True, "as_of": time.time() - seconds}
    await services.store.write(partial(checkpoint.record_failure, failure=failure))
    with pytest.raises(StripeFailure, match="Data has not been updated"):
        await services.report_readiness()


async def test_a_failure_makes_it_unready_once_it_has_lasted(
    services: Services, account: StripeAccount
) -> None:
    async with at_work(services.sync_worker.run):

        async def state() -> SyncState:
            return await services.mirror.state()

        async def is_in_step() -> bool:
            return (await state()).stale_reason is None

        await until(is_in_step)
        account.faults = DOWN

        async def has_failed() -> bool:
            return (await state()).failure is not None

        await until(has_failed)
    failed = await state()
    assert failed.stale_reason is None
    stale = replace(failed, age=STALE_AFTER + 1).stale_reason
    assert isinstance(stale, StripeFailure)
    assert "HTTP 500" in stale.message
    assert stale.request_id == "req_of_the_test"


async def test_without_a_key_it_is_not_ready(account: StripeAccount, sqlite_url: str) -> None:
    services = Services(
        replace(settings_for(account.url, sqlite_url), secret_key=None), stripe_name="None"
    )
    try:
        with pytest.raises(NotConfigured):
            await services.report_readiness()
        assert (await services.report_health())["mode"] == "not configured"
    finally:
        await services.aclose()
