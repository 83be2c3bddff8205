"""Services on an account at Stripe, and what their copy holds."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from billing.services import Services
from tests.support.database.records import event_rows, ledger
from tests.support.servers.services import at_work, open_services
from tests.support.stripe_account import EXPIRED, PAID, StripeAccount
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from billing.domain.sync_state import SyncState


DAY = 86_400


@pytest.fixture
async def services(account: StripeAccount, database_url: str) -> AsyncIterator[Services]:
    async with open_services(account.url, database_url) as opened:
        yield opened


@asynccontextmanager
async def in_step(services: Services) -> AsyncIterator[None]:
    """The mirror at work, and full."""
    async with at_work(services.sync_worker.run, services.event_processor.run):
        await wait_until_complete(services)
        yield


def sell_history(account: StripeAccount, count: int, **values: Any) -> None:
    """So many sessions, one a minute until now; each tenth is paid, the others end in a day."""
    now = int(time.time())
    for number in range(count):
        created = now - 60 * (count - number)
        unpaid = EXPIRED if created < now - DAY else {}
        account.sell("credits", 1, created=created, **values, **(unpaid if number % 10 else PAID))


async def read_state(services: Services) -> SyncState:
    return (await services.mirror.recent(1)).state


async def wait_until_complete(services: Services) -> None:
    async def is_complete() -> bool:
        return (await read_state(services)).complete

    await until(is_complete, "a mirror that is complete")


async def count_sessions(services: Services) -> int:
    return len((await services.mirror.recent(1_000_000)).sessions)


async def wait_until_shown(services: Services, session_id: str) -> None:
    async def is_shown() -> bool:
        return await services.mirror.session(session_id) is not None

    await until(is_shown, f"{session_id} in the mirror")


async def wait_until_granted(services: Services, session_id: str) -> None:
    async def is_granted() -> bool:
        return session_id in await ledger(services.store)

    await until(is_granted, f"a grant for {session_id}")


async def wait_for_step(services: Services) -> None:
    """Return once a step has begun after now, and ended."""
    now = time.time()

    async def has_been() -> bool:
        return (await read_state(services)).as_of > now

    await until(has_been, "another step")


async def recorded_events(services: Services, *told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The records of these events, once all are there."""

    async def are_known() -> bool:
        return {event["id"] for event in told} <= (await event_rows(services.store)).keys()

    await until(are_known, "events in the store")
    return await event_rows(services.store)
