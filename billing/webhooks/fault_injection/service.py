"""Faults of the webhook on purpose: switched on for a time, and what is held let go."""

from __future__ import annotations

import asyncio
import time
from contextvars import Context
from dataclasses import dataclass
from typing import TYPE_CHECKING

from billing.access.caller import name_of_caller, requires
from billing.changes.topics import Topic
from billing.domain.access import Permission
from billing.domain.durations import MINUTE
from billing.domain.receiver_faults import (
    MINUTES,
    MOST_MINUTES,
    NO_FAULTS,
    FaultsInForce,
    ReceiverFaults,
)
from billing.errors import InvalidInput
from billing.timings import DEFAULT_TIMINGS
from billing.webhooks.fault_injection.injector import FaultInjector

if TYPE_CHECKING:
    from collections.abc import Mapping

    from billing.changes.feed import ChangeFeed
    from billing.domain.receiver_faults import HeldDelivery
    from billing.timings import Timings
    from billing.webhooks.receiver import WebhookReceiver


@dataclass(frozen=True)
class FaultState:
    """The faults ``in_force`` (None: none), the deliveries that are held, the oldest first, and how
    many deliveries each fault was ``injected`` into since they were switched on."""

    in_force: FaultsInForce | None
    held: tuple[HeldDelivery, ...]
    injected: Mapping[str, int]


class FaultInjection:
    """Belongs to one event loop; close it with ``aclose``. What is on is in memory: it ends with
    the process."""

    def __init__(
        self, receiver: WebhookReceiver, feed: ChangeFeed, timings: Timings = DEFAULT_TIMINGS
    ) -> None:
        self._feed = feed
        self._injector = FaultInjector(receiver, timings, self._changed)
        self._in_force: FaultsInForce | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def in_force(self) -> FaultsInForce | None:
        """What is on; None while nothing is. From any thread."""
        return self._in_force

    @requires(Permission.VIEW)
    async def state(self) -> FaultState:
        """What is on, what is held, and what has happened."""
        injector = self._injector
        return FaultState(self._in_force, injector.held.all(), dict(injector.injected))

    @requires(Permission.SET_FAULTS, on="faults")
    async def set(self, faults: ReceiverFaults, minutes: float = MINUTES) -> None:
        """Have these faults from now on, for so many minutes, in the place of those that are on;
        none of them: end. Raises ``InvalidInput`` unless it is at most ``MOST_MINUTES``."""
        if not 0 < minutes <= MOST_MINUTES:
            raise InvalidInput(f"Webhook faults are on for {MOST_MINUTES} minutes at most.")
        if faults == NO_FAULTS:
            return self._end()
        if self._in_force and isinstance(self._in_force.faults, ReceiverFaults):
            self._injector.replace(faults)
        else:
            self._injector.begin(faults)
        return self._begin(faults, minutes * MINUTE)

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
        await self._injector.aclose()

    def _begin(self, faults: ReceiverFaults, seconds: float) -> None:
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
        self._injector.end()
        self._in_force = None
        self._changed()

    def _changed(self) -> None:
        self._feed.changed((Topic.STATUS,))
