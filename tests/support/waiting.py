"""Waiting for a condition, never for a fixed time."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

PATIENCE = 60.0
GLANCE = 0.01


async def until(condition: Callable[[], Awaitable[object]], what: str = "") -> None:
    """Return once the condition holds; fails with ``what`` was awaited when it never does."""
    deadline = time.monotonic() + PATIENCE
    while not await condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"This never came to be: {what or condition}")
        await asyncio.sleep(GLANCE)


def wait_for(condition: Callable[[], object], what: str = "") -> None:
    """The same for code that is not asynchronous."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"This never came to be: {what or condition}")
        time.sleep(GLANCE)
