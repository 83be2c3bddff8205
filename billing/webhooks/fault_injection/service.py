"""Faults of the webhook on purpose: switched on for a time, and what is held let go."""

from __future__ import annotations

import asyncio
import logging
import time
from contextvars import Context
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from billing.access.caller import name_of_caller, requires
from billing.changes.topics import Topic
from billing.domain.access import Permission
from billing.domain.durations import MINUTE
from billing.domain.random_run import RandomRun
from billing.domain.receiver_faults import (
    MINUTES,
    MOST_MINUTES,
    NO_FAULTS,
    FaultsInForce,
    RandomFaults,
    ReceiverFaults,
)
from billing.errors import InvalidInput
from billing.timings import DEFAULT_TIMINGS
from billing.webhooks.fault_injection.injector import FaultInjector

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from billing.changes.feed import ChangeFeed
    from billing.domain.receiver_faults import HeldDelivery
    from billing.timings import Timings
    from billing.webhooks.fault_injection.judge import Judge
    from billing.webhooks.receiver import WebhookReceiver

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FaultState:
    """The faults ``in_force`` (None: none), the deliveries that are held, the oldest first, into
    how many deliveries each fault was ``injected`` since they were switched on, and the last
    random run."""

    in_force: FaultsInForce | None
    held: tuple[HeldDelivery, ...]
    injected: Mapping[str, int]
    run: RandomRun | None = None


class FaultInjection:
    """Belongs to one event loop; close it with ``aclose``. What is on is in memory: it ends with
    the process."""

    def __init__(
        self,
        receiver: WebhookReceiver,
        judge: Judge,
        feed: ChangeFeed,
        timings: Timings = DEFAULT_TIMINGS,
    ) -> None:
        self._judge = judge
        self._feed = feed
        self._injector = FaultInjector(receiver, timings, self._changed)
        self._in_force: FaultsInForce | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._run: RandomRun | None = None
        self._judging: asyncio.Task[RandomRun] | None = None

    @property
    def in_force(self) -> FaultsInForce | None:
        """What is on; None while nothing is. From any thread."""
        return self._in_force

    @requires(Permission.VIEW)
    async def state(self) -> FaultState:
        """What is on, what is held, and what has happened."""
        injector = self._injector
        return FaultState(self._in_force, injector.held.all(), dict(injector.injected), self._run)

    @requires(Permission.SET_FAULTS, on="faults")
    async def set(self, faults: ReceiverFaults, minutes: float = MINUTES) -> None:
        """Have these faults from now on, for so many minutes, in the place of those that are on;
        none of them: end. Raises ``InvalidInput`` unless it is at most ``MOST_MINUTES``, and while
        a random run has no verdict yet."""
        seconds = _seconds(minutes)
        self._check_no_run()
        if faults == NO_FAULTS:
            return self._end()
        if self._in_force:
            self._injector.replace(faults)
        else:
            self._injector.begin(faults)
        return self._begin(faults, seconds)

    @requires(Permission.SET_FAULTS, on="seed")
    async def begin_random_run(self, seed: int, minutes: float = MINUTES) -> None:
        """Give each delivery from now on its faults by chance, in the place of those that are on;
        at the end, after so many minutes at the latest, there is a verdict. Raises
        ``InvalidInput`` for a time that is too long, or while another has no verdict yet."""
        seconds = _seconds(minutes)
        self._check_no_run()
        self._end()
        faults = RandomFaults(seed)
        self._run = RandomRun(seed, time.time())
        self._injector.begin(faults)
        self._begin(faults, seconds)

    @requires(Permission.SET_FAULTS)
    async def end_random_run(self, sessions: Iterable[str] = (), problem: str = "") -> RandomRun:
        """End it now and wait for the verdict, on these Checkout Sessions (ids) as well;
        ``problem`` is one that is known already. Raises ``InvalidInput`` where there was none."""
        self._injector.sessions.update(sessions)
        if self._run and problem:
            self._run = replace(self._run, problems=(problem,))
        self._end()
        if self._judging is None:
            raise InvalidInput("No random run is under way.")
        return await asyncio.shield(self._judging)

    @requires(Permission.SET_FAULTS)
    async def end(self) -> None:
        """Switch all off, and let go what is held."""
        self._end()

    @requires(Permission.SET_FAULTS, on="number")
    async def release(self, number: int) -> bool:
        """Let the held delivery of this number go; whether it was still held."""
        return self._injector.held.release(number)

    @requires(Permission.SET_FAULTS)
    async def release_all(self) -> None:
        """Let go all that is held, the oldest first; what comes later is held."""
        self._injector.held.release_all()

    async def aclose(self) -> None:
        """End, once what was held is recorded."""
        self._end()
        if self._judging:
            self._judging.cancel()
        await self._injector.aclose()

    def _check_no_run(self) -> None:
        if self._run and self._run.ended_at is None:
            raise InvalidInput("A random run is under way.", "Wait for its verdict.")

    def _begin(self, faults: ReceiverFaults | RandomFaults, seconds: float) -> None:
        if self._timer:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(seconds, self._end, context=Context())
        by = name_of_caller("")
        self._in_force = FaultsInForce(faults, time.time() + seconds, by)
        self._changed()

    def _end(self) -> None:
        if self._timer:
            self._timer.cancel()
        ended, self._in_force = self._in_force, None
        self._injector.end()
        if ended and isinstance(ended.faults, RandomFaults) and self._run:
            self._judging = asyncio.ensure_future(self._judge_run(self._run))
        self._changed()

    async def _judge_run(self, run: RandomRun) -> RandomRun:
        injector = self._injector
        sessions, deliveries = set(injector.sessions), injector.deliveries
        paid, problems = await self._judge.verdict(
            sessions, injector.event_ids, lambda: injector.is_idle
        )
        self._run = judged = replace(
            run,
            ended_at=time.time(),
            deliveries=deliveries,
            sessions=len(sessions),
            paid=paid,
            problems=(*run.problems, *problems),
        )
        verdict = "; ".join(judged.problems) or "passed"
        log.info("The random run with seed %s: %s paid sessions: %s", run.seed, paid, verdict)
        self._changed()
        return judged

    def _changed(self) -> None:
        self._feed.changed((Topic.STATUS,))


def _seconds(minutes: float) -> float:
    if not 0 < minutes <= MOST_MINUTES:
        raise InvalidInput(f"Webhook faults are on for {MOST_MINUTES} minutes at most.")
    return minutes * MINUTE
