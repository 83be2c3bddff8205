"""Reads a whole history of Checkout Sessions, several stretches of time at once.

Stripe lists the newest first, a hundred at a time. One reader after another would wait for every
answer; here a reader that has nothing to do takes over a part of another's stretch. What is left
to read is saved with each page, so a backfill that is cut off goes on where it stopped.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from billing.gateway import Page

PAGE = 100
READERS = 16
READERS_WHEN_RATE_LIMITED = 4
# How much further back than the newest page each first stretch reaches.
REACHES = (16, 256, 4096)


@dataclass(frozen=True)
class Stretch:
    """Sessions created from ``oldest`` to ``newest`` (Unix seconds, inclusive) are still to be
    read, below the session ``after`` where reading has begun."""

    oldest: int
    newest: int
    after: str | None = None


class Backfill:
    """One reading of the history. ``fetch`` lists sessions with Stripe's own filters; ``keep``
    stores a page together with the stretches that are then still to be read."""

    def __init__(
        self,
        fetch: Callable[..., Awaitable[Page]],
        keep: Callable[[list[dict[str, Any]], list[dict[str, Any]]], Awaitable[None]],
        *,
        readers: int = READERS,
    ) -> None:
        self._fetch = fetch
        self._keep = keep
        self._readers = readers
        self._waiting: list[Stretch] = []
        self._open: set[Stretch] = set()
        self._changed = asyncio.Condition()

    async def run(self, left: list[dict[str, Any]], now: int) -> None:
        """Read what is ``left`` (as ``keep`` was told), or everything up to ``now`` when empty."""
        stretches = [Stretch(**stretch) for stretch in left] or [Stretch(0, now)]
        self._waiting, self._open = stretches, set(stretches)
        async with asyncio.TaskGroup() as group:
            for _ in range(self._readers):
                group.create_task(self._read())

    async def _read(self) -> None:
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self._waiting or not self._open)
                if not self._waiting:
                    return
                stretch = self._waiting.pop(0)
            await self._read_page(stretch)

    async def _read_page(self, stretch: Stretch) -> None:
        created = {"gte": stretch.oldest, "lte": stretch.newest}
        after = {"starting_after": stretch.after} if stretch.after else {}
        page = await self._fetch(created=created, limit=PAGE, **after)
        rest = self._rest(stretch, page)
        async with self._changed:
            # The next page may be read while this one is stored; until it is, it counts as unread.
            self._waiting = rest + self._waiting
            self._open.update(rest)
            self._changed.notify_all()
        await self._keep(page.data, [asdict(one) for one in self._open - {stretch}])
        async with self._changed:
            self._open.discard(stretch)
            self._changed.notify_all()

    def _rest(self, stretch: Stretch, page: Page) -> list[Stretch]:
        """What the page left of its stretch, in parts for the readers that have nothing to do."""
        if not page.has_more:
            return []
        first, last = page.data[0], page.data[-1]
        rest = replace(stretch, newest=last["created"], after=last["id"])
        span = max(first["created"] - last["created"], 1)
        if stretch.oldest == 0:  # nobody knows how far back: reach out in growing steps
            edges = [last["created"] - span * reach for reach in REACHES]
        else:
            pages = (rest.newest - rest.oldest) // span
            idle = self._readers - len(self._open) + 1
            parts = max(1, min(idle, pages))
            step = (rest.newest - rest.oldest) // parts
            edges = [rest.newest - step * part for part in range(1, parts)] if step else []
        return _cut(rest, [edge for edge in edges if rest.oldest < edge < rest.newest])


def _cut(stretch: Stretch, edges: list[int]) -> list[Stretch]:
    """The stretch in parts, the newest first; only the first goes on after a known session."""
    parts, newest, after = [], stretch.newest, stretch.after
    for edge in edges:
        parts.append(Stretch(edge + 1, newest, after))
        newest, after = edge, None
    return [*parts, Stretch(stretch.oldest, newest, after)]
