"""A backfill reads every session, several ranges of time at once, and goes on where it stopped."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from billing.stripe_api.gateway import PAGE_SIZE
from billing.stripe_api.requests import Page
from billing.sync.backfill import EDGES, READERS, Backfill

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.anyio

JSON = dict[str, Any]
NOW = 1_800_000_000
DAY = 86_400
FEW = 4  # readers


@dataclass
class History:
    """A history of sessions, the newest first, and what becomes of reading it.

    ``fails_after`` so many saved pages, a reading fails.
    """

    sessions: list[JSON]
    chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311
    pages: int = 0
    saved: set[str] = field(default_factory=set)
    fetched: list[str] = field(default_factory=list)
    unread: list[JSON] = field(default_factory=list)
    fails_after: int | None = None

    async def fetch(self, *, created: dict[str, int], limit: int, starting_after: str = "") -> Page:
        self.pages += 1
        for _ in range(self.chance.randrange(5)):  # answers come in any order
            await asyncio.sleep(0)
        found = [one for one in self.sessions if created["gte"] <= one["created"] <= created["lte"]]
        if starting_after:
            names = [one["id"] for one in self.sessions]
            below = set(names[names.index(starting_after) + 1 :])
            found = [one for one in found if one["id"] in below]
        self.fetched += [one["id"] for one in found[:limit]]
        return Page(found[:limit], len(found) > limit, 0.0)

    async def save(self, page: Page, unread: list[JSON]) -> None:
        if self.fails_after == 0:
            raise ConnectionError("interrupted")
        self.saved |= {one["id"] for one in page.data}
        self.unread = unread
        self.assert_nothing_falls_between()
        if self.fails_after is not None:
            self.fails_after -= 1
        for _ in range(self.chance.randrange(5)):
            await asyncio.sleep(0)

    def assert_nothing_falls_between(self) -> None:
        """Each session is saved, or lies in a range that is still unread."""
        places = {one["id"]: place for place, one in enumerate(self.sessions)}
        for place, one in enumerate(self.sessions):
            assert one["id"] in self.saved or any(
                part["oldest"] <= one["created"] <= part["newest"]
                and (not part["after"] or places[part["after"]] < place)
                for part in self.unread
            ), f"{one['id']} is neither saved nor unread"

    async def read(self, readers: int = READERS) -> None:
        await Backfill(self.fetch, self.save, readers).run(self.unread, NOW + 60)


def made_at(*moments: int) -> History:
    newest_first = sorted(moments, reverse=True)
    return History(
        [{"id": f"cs_{place}", "created": moment} for place, moment in enumerate(newest_first)]
    )


def spread_evenly() -> History:
    return made_at(*(NOW - 600 * n for n in range(3_000)))


def in_bursts() -> History:
    bursts = (0, 3 * DAY, 40 * DAY, 400 * DAY, 4_000 * DAY)
    return made_at(*(NOW - start - n for start in bursts for n in range(450)))


def all_in_one_second() -> History:
    return made_at(*[NOW - 5 * DAY] * 1_234)


def none_at_all() -> History:
    return made_at()


def a_single_page() -> History:
    return made_at(*(NOW - n for n in range(PAGE_SIZE)))


def one_more_than_a_page() -> History:
    return made_at(*(NOW - n for n in range(PAGE_SIZE + 1)))


HISTORIES = [
    spread_evenly,
    in_bursts,
    all_in_one_second,
    none_at_all,
    a_single_page,
    one_more_than_a_page,
]


@pytest.mark.parametrize("readers", [READERS, 4, 1])
@pytest.mark.parametrize("make", HISTORIES)
async def test_every_session_is_read_with_few_requests_too_many(
    make: Callable[[], History], readers: int
) -> None:
    history = make()
    await history.read(readers)
    assert history.saved == {one["id"] for one in history.sessions}
    needed = -(-len(history.sessions) // PAGE_SIZE)
    first_look = len(EDGES) + 1
    # Where sessions lie in heaps, readers look for more of them where there are none.
    wasted_on_a_page = 0 if make not in (in_bursts, all_in_one_second) else readers - 1
    assert history.pages <= needed * (1 + wasted_on_a_page) + first_look + readers


@pytest.mark.parametrize("make", [spread_evenly, in_bursts, all_in_one_second])
@pytest.mark.parametrize("after", [0, 1, 2, 5, 11])
async def test_after_a_failure_it_goes_on_where_it_stopped(
    make: Callable[[], History], after: int
) -> None:
    history = make()
    history.fails_after = after
    with pytest.raises(ExceptionGroup):
        await history.read(FEW)
    saved = set(history.saved)
    history.fetched.clear()
    history.fails_after = None
    await history.read(FEW)
    assert history.saved == {one["id"] for one in history.sessions}
    under_way = FEW * PAGE_SIZE
    assert len(saved.intersection(history.fetched)) <= under_way, "what was saved is not read again"
    if make is not all_in_one_second:  # there, no time tells one page from another
        assert len(history.fetched) <= len(history.sessions) - len(saved) + under_way


async def test_after_failure_upon_failure_it_comes_to_an_end() -> None:
    history = spread_evenly()
    for _ in range(1_000):
        history.fails_after = 2
        with suppress(ExceptionGroup, ConnectionError):
            await history.read(FEW)
            break
    assert history.saved == {one["id"] for one in history.sessions}
    assert history.unread == []
