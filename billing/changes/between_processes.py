"""Changes heard from one process to another, on one PostgreSQL.

Each says what it has changed at most ten times a second, in transactions of their own: a
notification has commits wait for each other. Behind PgBouncer in transaction mode nobody can
listen, and each reads the change numbers instead, twice a second.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from billing.changes.topics import Topic
from billing.errors import BillingError
from billing.store import change_numbers
from billing.timings import DEFAULT_TIMINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from billing.changes.feed import ChangeFeed
    from billing.store import Store
    from billing.timings import Timings


class ChangesBetweenProcesses:
    """Tells the other processes what this one's feed says, and the feed what they say. Run both
    ``announce`` and ``hear``."""

    def __init__(self, feed: ChangeFeed, store: Store, timings: Timings = DEFAULT_TIMINGS) -> None:
        self._feed = feed
        self._store = store
        self._timings = timings
        self._unannounced: set[Topic] = set()
        self._waiting = asyncio.Event()
        self._known: dict[str, int] = {}

    async def announce(self) -> None:
        """Say what is changed here from now on."""
        loop = asyncio.get_running_loop()

        def add(topics: set[Topic]) -> None:
            self._unannounced |= topics
            self._waiting.set()

        def add_soon(topics: set[Topic]) -> None:
            loop.call_soon_threadsafe(add, topics)

        self._feed.announce_with(add_soon)
        while True:
            await self._waiting.wait()
            self._waiting.clear()
            topics, self._unannounced = self._unannounced, set()
            try:
                numbers = await self._store.write_apart(
                    partial(change_numbers.announce, topics=topics, sender=self._feed.id)
                )
            except BillingError:  # said by the store; the others hear it with the next
                self._unannounced |= topics
            else:
                self._known |= {
                    topic: number
                    for topic, number in numbers.items()
                    if number == self._known.get(topic, 0) + 1  # else others did as well
                }
            await asyncio.sleep(self._timings.changes_announce_seconds)

    async def hear(self) -> None:
        """Tell the feed what other processes change."""
        while True:
            try:
                async with self._store.listening(change_numbers.CHANNEL) as heard:
                    if heard is None:
                        await self._read_numbers()
                    else:
                        self._feed.changed(Topic)  # meanwhile nothing was heard
                        async for payload in heard:
                            self._tell(payload)
            except BillingError:
                pass  # the store's reads say why
            await asyncio.sleep(self._timings.changes_reconnect_seconds)

    def _tell(self, payload: str) -> None:
        sender, *topics = payload.split()
        if sender != self._feed.id:
            self._feed.changed(_topics(topics))

    async def _read_numbers(self) -> None:
        """Read them again and again, until that fails."""
        while True:
            numbers = await self._store.read(change_numbers.load)
            self._feed.changed(_topics(_grown(self._known, numbers)))
            self._known |= numbers
            await asyncio.sleep(self._timings.changes_read_seconds)


def _topics(names: Iterable[str]) -> list[Topic]:
    """Those that this release knows."""
    return [topic for topic in Topic if topic in set(names)]


def _grown(before: Mapping[str, int], now: Mapping[str, int]) -> list[str]:
    return [name for name, number in now.items() if number > before.get(name, 0)]
