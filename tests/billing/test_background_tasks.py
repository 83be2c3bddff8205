"""The work behind the scenes ends when the server does."""

from __future__ import annotations

import asyncio

import pytest

from billing import background_tasks

pytestmark = pytest.mark.anyio


async def test_a_task_that_drops_a_cancellation_is_cancelled_again() -> None:
    started = asyncio.Event()

    async def work() -> None:
        try:
            started.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await started.wait()
    await background_tasks.end_all([task], 1.5)
    assert task.cancelled()
