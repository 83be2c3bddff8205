"""Services that process events, and when all of them are processed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from billing.timings import Retries
from tests.support.database.records import states
from tests.support.servers.services import at_work, open_services
from tests.support.servers.timings import RETRIES
from tests.support.stripe_account import StripeAccount
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from billing.services import Services


@pytest.fixture
async def services(
    request: pytest.FixtureRequest, account: StripeAccount, database_url: str
) -> AsyncIterator[Services]:
    """Services that settle; parametrize indirectly with the waits."""
    retries: Retries = getattr(request, "param", RETRIES)
    async with (
        open_services(account.url, database_url, event_retries=retries) as opened,
        at_work(opened.event_processor.run),
    ):
        yield opened


async def wait_for_states(services: Services, **expected: int) -> None:
    """Return once the events are in these states and no other."""

    async def as_expected() -> bool:
        return await states(services.store) == expected

    try:
        await until(as_expected)
    except AssertionError:
        assert await states(services.store) == expected
