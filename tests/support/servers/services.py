"""Billing's services without a server, with all their waits made short."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from billing.services import Services
from billing.settings.model import Settings
from tests.support.servers.settings import settings_for
from tests.support.servers.timings import QUICK

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable


STRIPE_NAME = "Stripe under test"

CANCELS_AGAIN_AFTER = 1.0  # seconds


def quick_services(settings: Settings, **timings: Any) -> Services:
    """What the composition root builds; ``timings`` are those that differ from ``QUICK``."""
    return Services(settings, stripe_name=STRIPE_NAME, timings=replace(QUICK, **timings))


@asynccontextmanager
async def open_services(
    stripe_url: str, database_url: str, **timings: Any
) -> AsyncIterator[Services]:
    """Services with nothing at work behind the scenes, closed at the end."""
    services = quick_services(settings_for(stripe_url, database_url), **timings)
    try:
        yield services
    finally:
        await services.aclose()


@asynccontextmanager
async def at_work(*runs: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Run ``event_processor.run``, ``sync_worker.run`` behind the block; their errors fail it."""
    tasks = [asyncio.ensure_future(run()) for run in runs]
    try:
        yield
    finally:
        pending = set(tasks)
        while pending:
            for task in pending:  # again and again: a TaskGroup can drop one
                task.cancel()
            _, pending = await asyncio.wait(pending, timeout=CANCELS_AGAIN_AFTER)
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(end, asyncio.CancelledError) for end in ended), ended
