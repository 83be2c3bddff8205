"""Reads a whole history of Checkout Sessions, several stretches of time at once.

Stripe lists the newest first, a hundred at a time. One reader after another would wait for every
answer. Here a first look at a few stretches of time tells how full each is, and readers that have
nothing to do take over a part of a full one. What is left to read is saved with each page, so a
backfill that is cut off goes on where it stopped.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from billing.stripe_api.gateway import PAGE_SIZE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from billing.stripe_api.requests import Page

DAY = 86_400


@dataclass(frozen=True)
class Pace:
    """How many readers there are, how far back (in seconds) the edges of the first stretches lie,
    and how many pages are worth a reader. More readers with less each are quicker, and ask for
    more pages that turn out half empty."""

    readers: int
    edges: tuple[int, ...]
    pages_worth_a_reader: int


QUICK = Pace(32, tuple(DAY * days for days in (1, 2, 4, 7, 11, 16, 22, 30, 60, 120, 365)), 2)
SPARING = Pace(4, (3 * DAY, 60 * DAY), 4)  # where requests are what is scarce


@dataclass(frozen=True)
class TimeRange:
    """Sessions created from ``oldest`` to ``newest`` (Unix seconds, inclusive) are still to be
    read, below the session ``after`` where reading has begun. ``page_seconds`` is how much time
    a page of it seems to cover, None when it was not looked at yet."""

    oldest: int
    newest: int
    after: str | None = None
    page_seconds: int | None = None

    @property
    def pages(self) -> int:
        """How many pages it seems to hold."""
        return 1 + (self.newest - self.oldest) // self.page_seconds if self.page_seconds else 1

    def cut(self, parts: int) -> list[TimeRange]:
        """The stretch in about as many parts, the newest first, each of whole pages as far as one
        can tell, as a page half full costs as much; only the first goes on after a session."""
        if parts < 2 or not self.page_seconds:
            return [self]
        step = self.page_seconds * math.ceil(self.pages / parts)
        edges = list(range(self.newest - step, self.oldest, -step))
        newest, after = [self.newest, *edges], [self.after, *([None] * len(edges))]
        oldest = [*(edge + 1 for edge in edges), self.oldest]
        return [
            TimeRange(*bounds, self.page_seconds)
            for bounds in zip(oldest, newest, after, strict=True)
        ]


class Backfill:
    """One reading of the history. ``fetch`` lists sessions with Stripe's own filters; ``keep``
    stores a page together with the stretches that are then still to be read."""

    def __init__(
        self,
        fetch: Callable[..., Awaitable[Page]],
        keep: Callable[[list[dict[str, Any]], list[dict[str, Any]]], Awaitable[None]],
        pace: Pace = QUICK,
    ) -> None:
        self._fetch = fetch
        self._keep = keep
        self._pace = pace
        self._waiting: list[TimeRange] = []
        self._unread: set[TimeRange] = set()
        self._reading = 0
        self._to_look_at = 0
        self._says_left = False
        self._to_store = asyncio.Semaphore(pace.readers)
        self._changed = asyncio.Condition()

    async def run(self, left: list[dict[str, Any]], now: int) -> None:
        """Read what is ``left`` (as ``keep`` was told), or everything up to ``now`` when empty."""
        self._waiting = [TimeRange(**stretch) for stretch in left] or self._first_stretches(now)
        self._waiting.sort(key=lambda stretch: stretch.page_seconds is not None)
        self._unread = set(self._waiting)
        self._to_look_at = sum(stretch.page_seconds is None for stretch in self._waiting)
        async with asyncio.TaskGroup() as group:
            for _ in range(self._pace.readers):
                group.create_task(self._read(group))
        if self._says_left:  # the last pages were stored at once, each thinking of the other
            await self._keep([], [])

    def _first_stretches(self, now: int) -> list[TimeRange]:
        newest = [now, *(now - edge for edge in self._pace.edges)]
        oldest = [*(edge + 1 for edge in newest[1:]), 0]
        return [TimeRange(*bounds) for bounds in zip(oldest, newest, strict=True)]

    async def _read(self, group: asyncio.TaskGroup) -> None:
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self._may_read() or not self._unread)
                if not self._waiting:
                    return
                stretch = self._waiting.pop(0)
                self._reading += 1
            stretch, page = await self._read_page(stretch)
            # Stored while the next page is read; no more wait for the database than are read.
            await self._to_store.acquire()
            group.create_task(self._store(stretch, page))

    def _may_read(self) -> bool:
        """Whether a stretch waits, and can no longer be shared better: those that were looked at
        wait for the others."""
        return bool(self._waiting) and (
            self._to_look_at == 0 or self._waiting[0].page_seconds is None
        )

    async def _read_page(self, stretch: TimeRange) -> tuple[TimeRange, Page]:
        """The newest page of the stretch, and the stretch that it covers."""
        created = {"gte": stretch.oldest, "lte": stretch.newest}
        after = {"starting_after": stretch.after} if stretch.after else {}
        page = await self._fetch(created=created, limit=PAGE_SIZE, **after)
        async with self._changed:
            self._reading -= 1
            self._to_look_at -= stretch.page_seconds is None
            self._unread.discard(stretch)
            if page.has_more:
                rest = _below(stretch, page)
                stretch = replace(stretch, oldest=rest.newest)
                self._waiting.append(rest)
                self._unread.add(rest)
            # The rest may be read while this page is stored; until it is, the page counts as
            # unread: it alone, so that what lies below it is not read twice after a cut.
            self._unread.add(stretch)
            self._share_out()
            self._changed.notify_all()
        return stretch, page

    async def _store(self, stretch: TimeRange, page: Page) -> None:
        left = [vars(one) for one in self._unread - {stretch}]
        self._says_left = bool(left)
        await self._keep(page.data, left)
        self._to_store.release()
        async with self._changed:
            self._unread.discard(stretch)
            self._changed.notify_all()

    def _share_out(self) -> None:
        """Cut what waits into parts for the readers that would have nothing to do."""
        idle = self._pace.readers - self._reading - len(self._waiting)
        if idle <= 0 or self._to_look_at > 0 or not self._waiting:
            return
        total = sum(stretch.pages for stretch in self._waiting)
        shared: list[TimeRange] = []
        for stretch in self._waiting:
            readers = 1 + round(idle * stretch.pages / total)
            most = stretch.pages // self._pace.pages_worth_a_reader
            fresh = stretch.after is None  # as it was cut, and about to be taken
            shared += [stretch] if fresh else stretch.cut(min(readers, most))
        self._unread = self._unread.difference(self._waiting).union(shared)
        self._waiting = shared


def _below(stretch: TimeRange, page: Page) -> TimeRange:
    first, last = page.data[0], page.data[-1]
    between = (first["created"] - last["created"]) / max(len(page.data) - 1, 1)
    page_seconds = max(math.ceil(between * len(page.data)), 1)
    return TimeRange(stretch.oldest, last["created"], last["id"], page_seconds)
