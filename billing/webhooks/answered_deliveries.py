"""Writes down how each signed delivery was answered, together and after the answers."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from billing.delayed_writer import DelayedWriter
from billing.domain.events.delivery import ReceivedDelivery
from billing.store.events import deliveries
from billing.timings import DEFAULT_TIMINGS

if TYPE_CHECKING:
    from billing.store import Store
    from billing.timings import Timings

MAX_UNSAVED = 10_000  # that wait to be written: the newest
AT_ONCE = 128  # others wait for the writer, too


class AnsweredDeliveries:
    """Belongs to one event loop; close it with ``aclose``."""

    def __init__(self, store: Store, timings: Timings = DEFAULT_TIMINGS) -> None:
        self._store = store
        self._waiting: deque[ReceivedDelivery] = deque(maxlen=MAX_UNSAVED)
        self._writer = DelayedWriter(
            self.write, lambda: bool(self._waiting), timings.deliveries_write_seconds
        )

    def record(self, delivery: ReceivedDelivery) -> None:
        """Have it written soon."""
        self._waiting.append(delivery)
        self._writer.write_soon()

    async def write(self) -> None:
        """Write what waits to the database, where it can be read. Raises ``StoreFailure``."""
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
            try:
                await self._store.write(partial(deliveries.add, received=batch))
            except BaseException:
                self._waiting = deque([*batch, *self._waiting], maxlen=MAX_UNSAVED)
                raise

    async def aclose(self) -> None:
        """Write what is not written yet."""
        await self._writer.aclose()
