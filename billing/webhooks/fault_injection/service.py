"""Faults of the webhook on purpose: switched on for a time, and what is held let go."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
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
from billing.domain.sessions.checkout_session import SESSION_ID
from billing.errors import BillingError, InvalidInput
from billing.timings import DEFAULT_TIMINGS
from billing.webhooks.fault_injection.between_processes import (
    FaultsBetweenProcesses,
    SharedFaults,
)
from billing.webhooks.fault_injection.injector import FaultInjector

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from billing.changes.feed import ChangeFeed
    from billing.domain.receiver_faults import HeldDelivery
    from billing.store import Store
    from billing.timings import Timings
    from billing.webhooks.fault_injection.run_verifier import RunVerifier
    from billing.webhooks.receiver import WebhookReceiver

log = logging.getLogger(__name__)

LEAST_PAUSE = 0.1  # seconds between two looks at what other processes have


@dataclass(frozen=True)
class FaultState:
    """The faults ``in_force`` (None: none), the deliveries that are held, the oldest first, into
    how many deliveries each fault was ``injected`` since they were switched on, and the last
    random run: of this process, where the database ``is_shared`` with others."""

    in_force: FaultsInForce | None
    held: tuple[HeldDelivery, ...]
    injected: Mapping[str, int]
    run: RandomRun | None = None
    is_shared: bool = False


class FaultInjection:
    """Belongs to one event loop; ``follow`` other processes on the same database as long as the
    server runs, and close it with ``aclose``. What is on ends with the process in which it was
    switched on."""

    def __init__(
        self,
        receiver: WebhookReceiver,
        verifier: RunVerifier,
        store: Store,
        feed: ChangeFeed,
        timings: Timings = DEFAULT_TIMINGS,
    ) -> None:
        self._verifier = verifier
        self._feed = feed
        self._renewal_seconds = timings.fault_renewal_seconds
        self._between = FaultsBetweenProcesses(store, feed, timings.fault_renewal_seconds)
        self._injector = FaultInjector(receiver, timings, self._changed)
        self._in_force: FaultsInForce | None = None
        self._is_owner = False  # of what is on
        self._switches = self._releases = 0
        self._timer: asyncio.TimerHandle | None = None
        self._run: RandomRun | None = None
        self._verifying: asyncio.Task[RandomRun] | None = None

    @property
    def in_force(self) -> FaultsInForce | None:
        """What is on; None while nothing is. From any thread."""
        return self._in_force

    @requires(Permission.VIEW)
    async def state(self) -> FaultState:
        """What is on, what is held, and what has happened."""
        return FaultState(
            self._in_force,
            self._injector.held.all(),
            dict(self._injector.injected),
            self._run,
            is_shared=self._between.is_shared,
        )

    @requires(Permission.SET_FAULTS, on="faults")
    async def set(self, faults: ReceiverFaults, minutes: float = MINUTES) -> None:
        """Have these faults from now on, for so many minutes, in the place of those that are on;
        none of them: end. Raises ``InvalidInput`` unless it is at most ``MOST_MINUTES``, and while
        a random run has no verdict yet, ``StoreFailure`` where other processes do not hear."""
        seconds = _seconds(minutes)
        self._check_no_run()
        await self._switch_all(None if faults == NO_FAULTS else _in_force(faults, seconds))

    @requires(Permission.SET_FAULTS, on="seed")
    async def begin_random_run(
        self, seed: int, minutes: float = MINUTES, purchases: int = 0
    ) -> None:
        """Give each delivery from now on its faults by chance, in the place of those that are on;
        at the end, after so many minutes at the latest, there is a verdict. ``purchases`` is how
        many whoever calls makes. Raises as ``set`` does."""
        seconds = _seconds(minutes)
        self._check_no_run()
        if self._between.is_shared:
            await self._between.count_anew()
        await self._switch_all(_in_force(RandomFaults(seed), seconds))
        self._run = RandomRun(seed, time.time(), purchases)

    @requires(Permission.SET_FAULTS)
    async def end_random_run(self, sessions: Iterable[str] = (), problem: str = "") -> RandomRun:
        """End it now and wait for the verdict, on these Checkout Sessions (ids) as well;
        ``problem`` is one that is known already. Raises ``InvalidInput`` where there was none."""
        self._injector.sessions.update(sessions)
        if self._run and problem:
            self._run = replace(self._run, problems=(problem,))
        if self._in_force:
            await self._switch_all(None)
        if self._verifying is None:
            raise InvalidInput("No random run is under way.")
        return await asyncio.shield(self._verifying)

    @requires(Permission.SET_FAULTS)
    async def end(self) -> None:
        """Switch all off, and let go what is held, in every process."""
        await self._switch_all(None)

    @requires(Permission.SET_FAULTS, on="number")
    async def release(self, number: int) -> bool:
        """Let the delivery of this number go that this process holds; whether it still did."""
        return self._injector.held.release(number)

    @requires(Permission.SET_FAULTS)
    async def release_all(self) -> None:
        """Let go all that is held, in every process; what comes later is held."""
        self._releases += 1
        await self._publish(self._in_force)
        self._injector.held.release_all()

    async def follow(self) -> None:
        """Have on what other processes on the database have, until cancelled."""
        with self._feed.listening() as moved:
            while True:
                number = self._feed.numbers()[Topic.STATUS]
                with suppress(BillingError):  # the store has logged it
                    await self._look()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._renewal_seconds if self._in_force else None):
                        while self._feed.numbers()[Topic.STATUS] == number:
                            moved.clear()
                            await moved.wait()
                await asyncio.sleep(LEAST_PAUSE)

    async def aclose(self) -> None:
        """End, once what was held is recorded."""
        was_owner = self._is_owner and self._in_force
        self._switch(None)
        if self._verifying:
            self._verifying.cancel()
        await self._injector.aclose()
        if was_owner:
            with suppress(BillingError):
                await self._publish(None)

    def _check_no_run(self) -> None:
        is_on = self._in_force and isinstance(self._in_force.faults, RandomFaults)
        if is_on or (self._run and self._run.ended_at is None):
            raise InvalidInput("A random run is under way.", "Wait for its verdict.")

    async def _switch_all(self, in_force: FaultsInForce | None) -> None:
        """Have this in every process; this one is its owner. It ends here also where the others
        cannot hear of it."""
        if in_force:
            await self._publish(in_force)
        self._switches += 1
        self._switch(in_force)
        self._is_owner = True
        if in_force is None:
            await self._publish(in_force)

    async def _publish(self, in_force: FaultsInForce | None) -> None:
        if self._between.is_shared:
            await self._between.save(SharedFaults(self._feed.id, in_force, self._releases))

    async def _look(self) -> None:
        """Have what another process has said; end when the owner of what is on is gone."""
        switches = self._switches
        if self._is_owner and self._in_force and await self._between.renew(self._feed.id):
            return
        shared = await self._between.load()
        if switches != self._switches:
            return  # somebody has pressed a switch here meanwhile
        is_other = shared is not None and shared.owner != self._feed.id
        in_force = shared.in_force if shared and is_other else None
        if in_force and in_force.ends_at <= time.time():
            in_force = None
        if in_force != self._in_force:
            self._switch(in_force)
        if shared and is_other:
            self._is_owner = False
            if shared.releases > self._releases:
                self._releases = shared.releases
                self._injector.held.release_all()

    def _switch(self, in_force: FaultsInForce | None) -> None:
        """Have this in this process, until its time is over."""
        if self._timer:
            self._timer.cancel()
        before, self._in_force = self._in_force, in_force
        faults = in_force.faults if in_force else None
        if before and self._is_owner and self._run and isinstance(before.faults, RandomFaults):
            self._verifying = asyncio.ensure_future(self._verify_run(self._run))
        if in_force is None or faults is None:
            self._injector.end()
        else:
            if before and isinstance(faults, ReceiverFaults):
                self._injector.replace(faults)
            else:
                is_run = self._between.is_shared and isinstance(faults, RandomFaults)
                self._injector.begin(faults, self._between.count if is_run else None)
            loop, seconds = asyncio.get_running_loop(), max(in_force.ends_at - time.time(), 0)
            self._timer = loop.call_later(seconds, self._switch, None, context=Context())
        if before or in_force:
            self._changed()

    async def _verify_run(self, run: RandomRun) -> RandomRun:
        injector = self._injector
        sessions, deliveries = set(injector.sessions), injector.deliveries
        event_ids = set(injector.event_ids)
        paid, problems = 0, ["There is no verdict: see the server's log."]
        try:
            if self._between.is_shared:  # what came to the others too
                counted = await self._between.counted()
                deliveries = sum(one.attempts for one in counted)
                event_ids |= {one.event_id for one in counted}
                sessions |= {
                    one.object_id for one in counted if SESSION_ID.fullmatch(one.object_id)
                }
            paid, problems = await self._verifier.verify(
                sessions, event_ids, lambda: injector.is_idle
            )
        except Exception:
            log.exception("The verdict on the random run with seed %s failed", run.seed)
        self._run = verified = replace(
            run,
            ended_at=time.time(),
            deliveries=deliveries,
            sessions=len(sessions),
            paid=paid,
            problems=(*run.problems, *problems),
        )
        verdict = "; ".join(verified.problems) or "passed"
        log.info("The random run with seed %s: %s paid sessions: %s", run.seed, paid, verdict)
        self._changed()
        return verified

    def _changed(self) -> None:
        self._feed.changed((Topic.STATUS,))


def _in_force(faults: ReceiverFaults | RandomFaults, seconds: float) -> FaultsInForce:
    return FaultsInForce(faults, time.time() + seconds, name_of_caller(""))


def _seconds(minutes: float) -> float:
    if not 0 < minutes <= MOST_MINUTES:
        raise InvalidInput(f"Webhook faults are on for {MOST_MINUTES} minutes at most.")
    return minutes * MINUTE
