"""The work that nobody asks for: time passing, and old things forgotten."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from stripe_sandbox.clock import Clock
from stripe_sandbox.scheduling.scheduler import Timeline

logger = logging.getLogger(__name__)

_LONGEST_NAP = 60.0
_LOOKS_EVERY = 1.0
"""Seconds between looks at a shared database, of which another process may have moved the clock."""
_PAUSE_AFTER_FAILURE = 1.0


class Sweep:
    """Lets things happen when their time comes, and has old ones forgotten."""

    def __init__(
        self,
        clock: Clock,
        timeline: Timeline,
        forget_old: Callable[[], None],
        *,
        shared: bool,
    ) -> None:
        """`shared`: other processes may have the same database."""
        self._clock = clock
        self._timeline = timeline
        self._forget_old = forget_old
        self._longest_nap = _LOOKS_EVERY if shared else _LONGEST_NAP
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed = asyncio.Event()
        timeline.on_change(self._wake)

    def _wake(self) -> None:
        """Look now; from any thread."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nothing to wake
                self._loop.call_soon_threadsafe(self._changed.set)

    async def run(self) -> None:
        """Sweep until cancelled."""
        self._loop = asyncio.get_running_loop()
        forgets_at = self._loop.time()
        while True:
            if self._changed.is_set() or self._loop.time() >= forgets_at:
                self._forget_old()
                forgets_at = self._loop.time() + _LONGEST_NAP
            self._changed.clear()
            caught_up = self._timeline.catch_up()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._nap() if caught_up else 0):
                    await self._changed.wait()

    def _nap(self) -> float:
        due = self._timeline.next_due()
        if due is None:
            return self._longest_nap
        return min(max(due - self._clock.time(), 0.05), self._longest_nap)


async def kept_up(work: Callable[[], Awaitable[None]]) -> None:
    """Begin the work again when it breaks, for example on a full disk."""
    while True:
        try:
            await work()
        except Exception:
            logger.exception("The sandbox's background work broke off; it begins again")
        await asyncio.sleep(_PAUSE_AFTER_FAILURE)
