"""What happens to each verified delivery while faults are on."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from billing.domain.receiver_faults import Answer, Delivery, DeliveryFaults
from billing.domain.sessions.checkout_session import SESSION_ID
from billing.errors import BillingError, InjectedFault
from billing.store.events import object_id
from billing.webhooks.fault_injection.held import HeldDeliveries

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from billing.domain.receiver_faults import RandomFaults, ReceiverFaults
    from billing.store.events.random_run import CountedEvent
    from billing.timings import Timings
    from billing.webhooks.receiver import WebhookReceiver

    CountedElsewhere = Callable[[dict[str, Any]], Awaitable[CountedEvent]]

log = logging.getLogger(__name__)

MOST_EVENTS = 10_000  # whose attempts are counted


class FaultInjector:
    """Stands between the signature check of ``receiver`` and its record of events, from ``begin``
    to ``end``. Belongs to one event loop; close it with ``aclose``.

    What is refused is repeated by its sender, what is held is let go at the end at the latest, and
    nothing else but what is dropped is lost.
    """

    def __init__(
        self, receiver: WebhookReceiver, timings: Timings, changed: Callable[[], None]
    ) -> None:
        self._receiver = receiver
        self._timings = timings
        self._faults: ReceiverFaults | RandomFaults | None = None
        self._count_elsewhere: CountedElsewhere | None = None
        self._ended = asyncio.Event()
        self._repeating: set[asyncio.Task[None]] = set()
        self.held = HeldDeliveries(self._take, timings.fault_retry_seconds, changed)
        self._reset()

    def begin(
        self, faults: ReceiverFaults | RandomFaults, count: CountedElsewhere | None = None
    ) -> None:
        """Have these faults, and count from one again; what was held for others is let go.
        ``count`` numbers deliveries where other processes take some of them."""
        self.held.release_all()
        self._count_elsewhere = count
        self._faults = faults
        self._ended.clear()
        self._reset()
        self._receiver.intercept = self.deliver

    def replace(self, faults: ReceiverFaults) -> None:
        """Have these from here on, and count on."""
        self._faults = faults
        if not faults.hold:
            self.held.release_all()

    def end(self) -> None:
        """Let go what is held; from here on deliveries are received as usual."""
        self._receiver.intercept = None
        self._faults = None
        self._ended.set()
        self.held.release_all()

    async def aclose(self) -> None:
        """The same, once what was held is recorded."""
        self.end()
        for task in self._repeating:
            task.cancel()
        await self.held.aclose()

    @property
    def is_idle(self) -> bool:
        """Nothing is held, and no event is to be taken again."""
        return self.held.is_idle and not self._repeating

    @property
    def deliveries(self) -> int:
        """How many there were since ``begin``."""
        return self._deliveries

    @property
    def event_ids(self) -> list[str]:
        """The ids of the events that came since ``begin``."""
        return list(self._events)

    async def deliver(self, event: dict[str, Any]) -> None:
        """Do to a verified event what the faults say. Raises ``InjectedFault`` where it is not
        taken, and what its recording raises."""
        if (in_force := self._faults) is None:
            return await self._receiver.record(event)
        delivery = self._count(event)
        if self._count_elsewhere:
            counted = await self._count_elsewhere(event)
            delivery = replace(delivery, of_type=counted.number, attempt=counted.attempts)
        faults = in_force.of(delivery)
        for name in faults.names:
            self.injected[name] += 1
            log.info("Fault injection: %s %s is %s", event["id"], event["type"], name)
        if faults.answer is not Answer.OK:
            await self._refuse(faults.answer)
        if faults.is_dropped:
            return None
        if faults.is_held:
            return self.held.add(event, faults)
        return await self._take(event, faults)

    async def _refuse(self, answer: Answer) -> None:
        if answer is Answer.LATE_ERROR:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), self._timings.fault_answer_seconds)
        raise InjectedFault(
            "A fault that was switched on: this delivery is not taken.",
            "Deliver it again, or end the webhook faults in the Test kit.",
        )

    async def _take(self, event: dict[str, Any], faults: DeliveryFaults) -> None:
        await self._receiver.record(event, enqueue=not faults.crashes)
        if faults.repeats:
            task = asyncio.ensure_future(self._take_again(event, faults))
            self._repeating.add(task)
            task.add_done_callback(self._repeating.discard)

    async def _take_again(self, event: dict[str, Any], faults: DeliveryFaults) -> None:
        """As often as it says, each once it was processed: at the same moment it would be processed
        once for all."""
        left = faults.repeats
        while left:
            await asyncio.sleep(self._timings.fault_repeat_seconds)
            if self._receiver.is_processing(event["id"]):
                continue
            left -= 1
            try:
                await self._receiver.record(event, enqueue=not faults.crashes, again=True)
            except BillingError as failure:
                log.info("%s was not taken again: %s", event["id"], failure.message)

    def _reset(self) -> None:
        self.injected: Counter[str] = Counter()  # deliveries, by the names of their faults
        self.sessions: set[str] = set()  # ids of the Checkout Sessions that events came of
        self._deliveries = 0
        self._of_type: Counter[str] = Counter()
        self._events: dict[str, tuple[int, int]] = {}  # number of its type, attempts

    def _count(self, event: dict[str, Any]) -> Delivery:
        event_id, event_type = event["id"], event["type"]
        self._deliveries += 1
        if SESSION_ID.fullmatch(about := object_id(event)):
            self.sessions.add(about)
        known = self._events.pop(event_id, None)
        if known is None:
            self._of_type[event_type] += 1
        number, attempts = known or (self._of_type[event_type], 0)
        if len(self._events) >= MOST_EVENTS:
            del self._events[next(iter(self._events))]
        self._events[event_id] = number, attempts + 1
        return Delivery(event_type, self._deliveries, number, attempts + 1)
