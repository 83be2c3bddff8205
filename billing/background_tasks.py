"""Tasks that run as long as the server does."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from billing.outages import Outage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

log = logging.getLogger(__name__)

CANCELLATIONS = 3  # a TaskGroup can drop one


async def run_forever(run: Callable[[], Awaitable[None]], pause: float) -> None:
    """Run it again ``pause`` seconds after it failed: one mistake must not end it for good."""
    outage = Outage(log, "A background task")
    while True:
        try:
            await run()
        except Exception as error:  # noqa: BLE001 - whatever it is
            what = f"A background task failed ({type(error).__name__}) and will be restarted"
            outage.failed(what, error=error)
        await asyncio.sleep(pause)


async def end_all(tasks: Iterable[asyncio.Task[None]], seconds: float) -> None:
    """Cancel the tasks until they end; what does not within ``seconds`` is left to itself."""
    pending = set(tasks)
    for _ in range(CANCELLATIONS):
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=seconds / CANCELLATIONS)
        if not pending:
            return
