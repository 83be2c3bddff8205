"""Runs the scheduled jobs: as time passes, and when the clock is moved forward."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from stripe_sandbox.scheduling.jobs import ScheduledJobs
from stripe_sandbox.scheduling.simulated_clock import SimulatedClock
from stripe_sandbox.storage.database import Database

logger = logging.getLogger(__name__)

JOBS_AT_ONCE = 50
"""How many jobs run before the event loop gets its turn."""
_LONGEST_NAP = 60.0
_POLL_INTERVAL = 1.0
"""Seconds between looks at a shared database, of which another process may have moved the clock."""
_PAUSE_AFTER_FAILURE = 1.0


class Scheduler:
    """Runs each scheduled job at its time."""

    def __init__(
        self,
        database: Database,
        clock: SimulatedClock,
        jobs: ScheduledJobs,
        purge: Callable[[], None],
    ) -> None:
        """`purge` removes what is too old; it is called every minute, and when the clock moves."""
        self._database = database
        self._clock = clock
        self._jobs = jobs
        self._purge = purge
        self._longest_nap = _POLL_INTERVAL if database.shared else _LONGEST_NAP
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed = asyncio.Event()
        jobs.on_earlier(self._wake)
        clock.on_move(self._wake)

    def _wake(self) -> None:
        """Look for due jobs now; from any thread."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nothing to wake
                self._loop.call_soon_threadsafe(self._changed.set)

    async def run(self) -> None:
        """Run jobs as they fall due, until cancelled."""
        self._loop = asyncio.get_running_loop()
        purge_at = self._loop.time()
        while True:
            if self._changed.is_set() or self._loop.time() >= purge_at:
                self._purge()
                purge_at = self._loop.time() + _LONGEST_NAP
            self._changed.clear()
            all_done = self.run_due()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._nap() if all_done else 0):
                    await self._changed.wait()

    def _nap(self) -> float:
        """Seconds until the next job."""
        due = self._jobs.next_due()
        if due is None:
            return self._longest_nap
        return min(max(due - self._clock.time(), 0.05), self._longest_nap)

    def run_due(self) -> bool:
        """Run jobs that are due, as happening now. False: more are left for the next call."""
        done = 0
        while done < JOBS_AT_ONCE and self._jobs.run_next(self._clock.time()):
            done += 1
        return done < JOBS_AT_ONCE

    def run_until(self, moment: float) -> None:
        """Run the jobs that are due at `moment`, in Unix seconds, each as happening at its own
        time; the clock itself does not move."""
        while (due := self._jobs.next_due()) is not None and due <= moment:
            self._run_at(due)

    async def advance(self, seconds: float) -> None:
        """Move the clock `seconds` forward; jobs that fall due on the way run when the clock gets
        there, each moment in a transaction of its own."""
        goal = self._clock.ahead() + seconds
        while (due := self._jobs.next_due()) is not None and due <= self._clock.wall() + goal:
            with self._database.transaction():
                self._clock.move_ahead(min(due - self._clock.wall(), goal))
                self._run_at(max(due, self._clock.time()))
            await asyncio.sleep(0)  # requests are answered between two moments
        self._clock.move_ahead(goal)

    def _run_at(self, moment: float) -> None:
        """Run the jobs that are due at `moment`, as happening then."""
        with self._clock.frozen_at(moment):
            while self._jobs.run_next(moment):
                pass


async def keep_running(work: Callable[[], Awaitable[None]]) -> None:
    """Start the work again whenever it breaks, for example on a full disk; until cancelled."""
    while True:
        try:
            await work()
        except Exception:
            logger.exception("A background task of the sandbox failed and will be restarted")
        await asyncio.sleep(_PAUSE_AFTER_FAILURE)
