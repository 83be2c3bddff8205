"""The log of deliveries: a line for each, and one a second for those of a burst."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from contextvars import Context
from typing import Any

from billing.store.events import object_id

log = logging.getLogger(__name__)

MOST_LINES = 20  # a second


class DeliveryLog:
    """Belongs to one event loop."""

    def __init__(self) -> None:
        self._lines = 0
        self._more: Counter[str] = Counter()  # by type of event
        self._second: asyncio.TimerHandle | None = None

    def received(self, event: dict[str, Any]) -> None:
        """Log that this event (Stripe's object) was delivered and is stored."""
        if self._second is None:
            loop = asyncio.get_running_loop()
            self._second = loop.call_later(1.0, self._end_second, context=Context())
        if self._lines < MOST_LINES:
            self._lines += 1
            about = object_id(event)
            log.info("Webhook received: %s %s %s", event["id"], event["type"], about)
        else:
            self._more[event["type"]] += 1

    def _end_second(self) -> None:
        self._second = None
        self._lines = 0
        if self._more:
            types = ", ".join(f"{number:,} x {name}" for name, number in self._more.most_common())
            log.info("Webhooks received within a second, besides: %s", types)
            self._more.clear()
