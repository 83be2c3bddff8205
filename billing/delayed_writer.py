"""Writing what has come together in a while, instead of each thing by itself."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from contextvars import Context
from typing import TYPE_CHECKING

from billing.errors import BillingError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class DelayedWriter:
    """Belongs to one event loop; close it with ``aclose``.

    ``write`` writes all that waits, or raises a ``BillingError``: then it ``is_waiting`` still, and
    is written later.
    """

    def __init__(
        self,
        write: Callable[[], Awaitable[None]],
        is_waiting: Callable[[], bool],
        seconds: float,
    ) -> None:
        self._write = write
        self._is_waiting = is_waiting
        self._seconds = seconds
        self._task: asyncio.Task[None] | None = None

    def write_soon(self) -> None:
        """Write within so many seconds what waits by then."""
        if self._task is None or self._task.done():
            # In the name of nobody: it is not the work of the one who happened to be first.
            self._task = asyncio.create_task(self._run(), context=Context())

    async def aclose(self) -> None:
        """Write what waits, if the database does."""
        if self._task is not None:
            self._task.cancel()
        with suppress(BillingError):
            await self._write()

    async def _run(self) -> None:
        while self._is_waiting():
            await asyncio.sleep(self._seconds)
            with suppress(BillingError):  # the store has logged it
                await self._write()
