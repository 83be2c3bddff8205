"""Reads a whole history of Checkout Sessions, several ranges of time at once.

Stripe lists the newest first, a hundred at a time; one page after the other, each would wait for
the one before. So the first page of a few ranges of time tells how full each is, and readers that
would be idle take over a part of a full one. The ranges that are still unread are saved with each
page, so a backfill that is interrupted goes on where it stopped.
https://docs.stripe.com/api/checkout/sessions/list
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from billing.stripe_api.gateway import PAGE_SIZE
from billing.stripe_api.requests import Page

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from billing.domain.stripe_json import JSON

DAY = 86_400


READERS = 32
# How far back the edges of the first ranges lie, in seconds: most recent sessions are the densest.
EDGES = tuple(DAY * days for days in (1, 2, 4, 7, 11, 16, 22, 30, 60, 120, 365))
NOTHING = Page([], False, 0.0)
PAGES_PER_READER = 2  # that are worth one more: a part of a range costs a page that is half empty


@dataclass(frozen=True)
class TimeRange:
    """Sessions created from ``oldest`` to ``newest`` (Unix seconds, inclusive) are unread, below
    the session ``after`` where reading has begun. ``page_seconds`` is how much time one page of
    it covers, as far as one can tell; None before its first page was read."""

    oldest: int
    newest: int
    after: str | None = None
    page_seconds: int | None = None

    @property
    def pages(self) -> int:
        """How many pages it holds, estimated; 1 while nothing is known."""
        return 1 + (self.newest - self.oldest) // self.page_seconds if self.page_seconds else 1

    def split(self, parts: int) -> list[TimeRange]:
        """The range in about as many parts, the newest first, each of whole pages by the estimate,
        as a page half full costs as much; only the first goes on after a session."""
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
    """One reading of the history. ``fetch`` lists sessions with Stripe's own filters; ``save``
    stores a page of them together with the ranges that are then still unread, as JSON."""

    def __init__(
        self,
        fetch: Callable[..., Awaitable[Page]],
        save: Callable[[Page, list[JSON]], Awaitable[None]],
        readers: int = READERS,
    ) -> None:
        self._fetch = fetch
        self._save = save
        self._readers = readers
        self._queue: list[TimeRange] = []
        self._unread: set[TimeRange] = set()
        self._reading = 0
        self._unsampled = 0  # ranges of which no page was read yet
        self._saving = 0
        self._saved_as_unread = False  # pages that were being saved beside the one saved last
        self._pages = asyncio.Semaphore(readers)
        self._changed = asyncio.Condition()

    async def run(self, unread: list[JSON], now: int) -> None:
        """Read the ranges that ``save`` was last called with, or everything up to ``now`` (Unix
        seconds) when there are none. What ``fetch`` and ``save`` raise comes in an
        ``ExceptionGroup``."""
        self._queue = [TimeRange(**one) for one in unread] or _first_ranges(now)
        self._queue.sort(key=lambda one: one.page_seconds is not None)
        self._unread = set(self._queue)
        self._unsampled = sum(one.page_seconds is None for one in self._queue)
        async with asyncio.TaskGroup() as group:
            for _ in range(self._readers):
                group.create_task(self._read(group))

    async def _read(self, group: asyncio.TaskGroup) -> None:
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self._may_read() or not self._unread)
                if not self._queue:
                    return
                current = self._queue.pop(0)
                self._reading += 1
            # Saved while the next page is read, so that there are never more pages in memory than
            # readers: each takes about 2 MiB.
            await self._pages.acquire()
            covered, page = await self._read_page(current)
            group.create_task(self._save_page(covered, page))

    def _may_read(self) -> bool:
        """Whether a range waits that need not be split first: those that were sampled wait until
        all are."""
        return bool(self._queue) and (self._unsampled == 0 or self._queue[0].page_seconds is None)

    async def _read_page(self, current: TimeRange) -> tuple[TimeRange, Page]:
        """The newest page of a range, and the range that this page covers."""
        created = {"gte": current.oldest, "lte": current.newest}
        after = {"starting_after": current.after} if current.after else {}
        page = await self._fetch(created=created, limit=PAGE_SIZE, **after)
        covered = current
        async with self._changed:
            self._reading -= 1
            self._unsampled -= current.page_seconds is None
            self._unread.discard(current)
            if page.has_more:
                rest = _below(current, page)
                covered = replace(current, oldest=rest.newest)
                self._queue.append(rest)
                self._unread.add(rest)
            # The rest may be read while this page is saved; until it is, the page counts as
            # unread: it alone, so that what lies below it is not read twice after a stop.
            self._unread.add(covered)
            self._split_queue()
            self._changed.notify_all()
        return covered, page

    async def _save_page(self, covered: TimeRange, page: Page) -> None:
        self._saving += 1
        self._saved_as_unread = self._saving > 1
        await self._save(page, [vars(one) for one in self._unread - {covered}])
        self._pages.release()
        async with self._changed:
            self._unread.discard(covered)
            self._changed.notify_all()
        self._saving -= 1
        if self._saved_as_unread and not self._saving:
            self._saved_as_unread = False
            await self._save(NOTHING, [vars(one) for one in self._unread])

    def _split_queue(self) -> None:
        """Split what waits into parts for the readers that would be idle."""
        idle = self._readers - self._reading - len(self._queue)
        if idle <= 0 or self._unsampled > 0 or not self._queue:
            return
        total = sum(one.pages for one in self._queue)
        parts: list[TimeRange] = []
        for one in self._queue:
            share = 1 + round(idle * one.pages / total)
            is_part = one.after is None  # from an earlier split, and about to be read
            parts += [one] if is_part else one.split(min(share, one.pages // PAGES_PER_READER))
        self._unread = self._unread.difference(self._queue).union(parts)
        self._queue = parts


def _first_ranges(now: int) -> list[TimeRange]:
    newest = [now, *(now - edge for edge in EDGES)]
    oldest = [*(edge + 1 for edge in newest[1:]), 0]
    return [TimeRange(*bounds) for bounds in zip(oldest, newest, strict=True)]


def _below(current: TimeRange, page: Page) -> TimeRange:
    """The rest of a range, below the page."""
    first, last = page.data[0], page.data[-1]
    between = (first["created"] - last["created"]) / max(len(page.data) - 1, 1)
    page_seconds = max(math.ceil(between * len(page.data)), 1)
    return TimeRange(current.oldest, last["created"], last["id"], page_seconds)
