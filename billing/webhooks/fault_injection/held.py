"""Deliveries that are held: verified and answered, and recorded later.

They are in memory alone. Stripe waits seconds for an answer, people take minutes to let a delivery
go: so it is answered before it is recorded, and what is held is recorded when the server stops.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from billing.domain.receiver_faults import DeliveryFaults, HeldDelivery
from billing.errors import BillingError
from billing.store.events import object_id

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Take = Callable[[dict[str, Any], DeliveryFaults], Awaitable[None]]

log = logging.getLogger(__name__)

MOST_HELD = 1_000  # of one more the oldest is let go


@dataclass
class _Held:
    shown: HeldDelivery
    event: dict[str, Any]
    faults: DeliveryFaults
    timer: asyncio.TimerHandle | None = None


class HeldDeliveries:
    """Belongs to one event loop. ``take`` records an event; one that it fails to is held for
    ``retry_seconds`` more. ``changed`` is called whenever there are more or fewer."""

    def __init__(self, take: Take, retry_seconds: float, changed: Callable[[], None]) -> None:
        self._take = take
        self._retry_seconds = retry_seconds
        self._changed = changed
        self._held: dict[int, _Held] = {}
        self._numbers = 0
        self._taking: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._held)

    def all(self) -> tuple[HeldDelivery, ...]:
        """What is held, the oldest first."""
        return tuple(one.shown for one in self._held.values())

    @property
    def is_idle(self) -> bool:
        """Nothing is held, and what was let go is recorded."""
        return not self._held and not self._taking

    def add(self, event: dict[str, Any], faults: DeliveryFaults) -> None:
        """Hold an event for ``faults.held_seconds``, or until it is let go."""
        if len(self._held) >= MOST_HELD:
            self.release(next(iter(self._held)))
        self._numbers += 1
        self._hold(self._numbers, event, faults, faults.held_seconds)

    def release(self, number: int) -> bool:
        """Let the one of this number go; whether there is one."""
        held = self._held.pop(number, None)
        if held is None:
            return False
        if held.timer:
            held.timer.cancel()
        taking = asyncio.ensure_future(self._take_now(number, held))
        self._taking.add(taking)
        taking.add_done_callback(self._taking.discard)
        self._changed()
        return True

    def release_all(self) -> None:
        """Let all go, the oldest first."""
        for number in list(self._held):
            self.release(number)

    async def aclose(self) -> None:
        """Record all that is held, each tried once."""
        self.release_all()
        await asyncio.gather(*self._taking)
        for one in self._held.values():  # what could not be recorded
            if one.timer:
                one.timer.cancel()
            log.error("%s was held and could not be recorded", one.shown.event_id)

    def _hold(
        self, number: int, event: dict[str, Any], faults: DeliveryFaults, seconds: float | None
    ) -> None:
        now = time.time()
        until = None if seconds is None else now + seconds
        shown = HeldDelivery(number, event["id"], event["type"], object_id(event), now, until)
        held = self._held[number] = _Held(shown, event, faults)
        if seconds is not None:
            held.timer = asyncio.get_running_loop().call_later(seconds, self.release, number)
        self._changed()

    async def _take_now(self, number: int, held: _Held) -> None:
        try:
            await self._take(held.event, held.faults)
        except BillingError as failure:
            if not failure.is_temporary:  # else the store has logged it
                log.warning("%s is held on: %s", held.shown.event_id, failure.message)
            self._hold(number, held.event, held.faults, self._retry_seconds)
