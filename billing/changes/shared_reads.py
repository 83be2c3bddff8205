"""Reads whose results open pages share: what many of them ask for after a change is read once."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from billing.changes.topics import Topic

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable

    from billing.changes.feed import ChangeFeed
    from billing.store import Connection, Store

T = TypeVar("T")

MOST_RESULTS = 64
MAX_AGE_SECONDS = 1.0  # of what changes without a number that grows


@dataclass
class _Result:
    read_at: float
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    value: Any = None
    is_read: bool = False


class SharedReads:
    """Reads the store for whoever asks, and for all who ask the same before that changes and
    within a second. What it returns belongs to all of them: nobody changes it. Whether somebody may
    see it is checked before."""

    def __init__(self, feed: ChangeFeed, store: Store) -> None:
        self._feed = feed
        self._store = store
        self._results: OrderedDict[Hashable, _Result] = OrderedDict()

    async def read(
        self,
        asked: Hashable,
        query: Callable[[Connection], T],
        topics: Collection[Topic] = tuple(Topic),
    ) -> T:
        """What ``query`` returns; ``asked`` names it, with its arguments, and ``topics`` are those
        that it depends on. Raises ``StoreFailure``."""
        numbers = self._feed.numbers()
        key = asked, *(numbers[topic] for topic in topics)
        result = self._results.get(key)
        if result is None or time.monotonic() - result.read_at > MAX_AGE_SECONDS:
            result = self._results[key] = _Result(time.monotonic())
            self._results.move_to_end(key)
            if len(self._results) > MOST_RESULTS:
                self._results.popitem(last=False)
        async with result.reading:  # one reads, the others wait
            if not result.is_read:
                result.value = await self._store.read(query)
                result.is_read = True
        found: T = result.value
        return found
