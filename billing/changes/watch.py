"""What changes without a transaction: the database does not answer, the sync stands still, a Price
is not found. Each process looks every few seconds, for all its pages, while any is open."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from billing.changes.topics import Topic
from billing.errors import BillingError
from billing.timings import DEFAULT_TIMINGS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable

    from billing.changes.feed import ChangeFeed
    from billing.timings import Timings

    Look = Callable[[], Awaitable[Hashable]]
    Seen = tuple[Hashable, ...] | None


class StatusWatch:
    """Tells the feed when what is added looks otherwise than the last time, ``look`` first.

    One that looks raises ``BillingError`` where the database does not answer: then, and when it
    does again, everything may have changed.
    """

    def __init__(self, feed: ChangeFeed, look: Look, timings: Timings = DEFAULT_TIMINGS) -> None:
        self._feed = feed
        self._looks = [look]
        self._pause = timings.status_watch_seconds

    def add(self, look: Look) -> None:
        """Watch what ``look`` answers, too."""
        self._looks.append(look)

    async def run(self) -> None:
        """Look again and again, as long as somebody listens."""
        last: Seen = ()  # nothing yet
        while True:
            now = await self._look() if self._feed.listeners else ()
            if now != last and () not in (now, last):
                is_outage = None in (now, last)
                self._feed.changed(Topic if is_outage else (Topic.STATUS,))
            last = now
            await asyncio.sleep(self._pause)

    async def _look(self) -> Seen:
        """What there is to see; None when the database does not answer."""
        try:
            return tuple([await look() for look in self._looks])
        except BillingError:
            return None
