"""Beginning anew: what was known is gone, and a history that came up is read."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.support.database.records import ledger
from tests.support.servers.services import quick_services
from tests.support.servers.settings import settings_for
from tests.support.stripe_account import StripeAccount
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from billing.services import Services

pytestmark = pytest.mark.anyio


@pytest.fixture
def account() -> StripeAccount:
    return StripeAccount()


@pytest.fixture
async def services(account: StripeAccount, sqlite_url: str) -> AsyncIterator[Services]:
    """Services at work, with one paid session that the mirror has read."""
    account.pay(account.sell())
    with account.serve() as url:
        services = quick_services(settings_for(url, sqlite_url))
        async with services.running():
            await until(lambda: holds(services, 1), "the first session in the mirror")
            yield services


async def holds(services: Services, number: int) -> bool:
    recent = await services.mirror.recent(100)
    return recent.state.complete and len(recent.sessions) == number


async def test_after_a_reset_nothing_is_known_and_what_comes_is_followed(
    account: StripeAccount, services: Services
) -> None:
    assert await ledger(services.store)
    account.reset()
    await services.account_reset.delete_everything()
    await until(lambda: holds(services, 0), "an empty mirror that is complete")
    assert not await ledger(services.store)
    account.pay(account.sell())
    await until(lambda: holds(services, 1), "the next session")
    assert len(await ledger(services.store)) == 1


async def test_a_reset_waits_for_the_step_under_way_which_would_store_again_what_it_deletes(
    account: StripeAccount, services: Services
) -> None:
    async with services.sync_worker.paused():
        reset = asyncio.create_task(services.account_reset.delete_everything())
        for _ in range(10):
            await services.store.ping()
        assert not reset.done()
        assert await ledger(services.store)
        account.reset()
    await reset
    assert not await ledger(services.store)


async def test_a_history_older_than_what_is_known_is_read_when_asked_for(
    account: StripeAccount, services: Services
) -> None:
    for age in range(1, 151):
        account.pay(account.sell(created=1_700_000_000 - age))
    await services.sync_worker.restart_backfill()
    assert not (await services.mirror.recent(0)).state.complete
    await until(lambda: holds(services, 100), "the whole history")  # as many as are asked for
    assert len(await ledger(services.store)) == 151


async def test_reading_again_keeps_what_was_granted_once(
    services: Services,
) -> None:
    before = await ledger(services.store)
    await services.sync_worker.restart_backfill()
    await until(lambda: holds(services, 1), "the mirror, read again")
    assert await ledger(services.store) == before
