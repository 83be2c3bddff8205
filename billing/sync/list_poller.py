"""Polls one of Stripe's lists for new objects: one request, however long the list is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from billing.stripe_api.gateway import PAGE_SIZE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from billing.stripe_api.requests import Page

# Stripe may list an object late, below others that it has listed before, so each poll reads the
# newest again.
# https://blog.sequin.io/finding-and-fixing-eventual-consistency-with-stripe-events
OVERLAP_SECONDS = 60
MAX_OVERLAP = 50

JSON = dict[str, Any]
Version = tuple[str, str | None, str | None]


class ListPoller:
    """Polls the list that ``listing`` requests. After ``pages``, ``cursor`` is the id of the object
    above which the next poll goes on; save it with what was read. ``has_gap`` is set when a first
    poll found more than one page, so that objects below it may be unknown."""

    def __init__(self, listing: Callable[..., Awaitable[Page]], **filters: Any) -> None:
        self._listing = listing
        self._filters = filters
        self._seen: set[Version] = set()
        self.cursor: str | None = None
        self.has_gap = False

    async def pages(self, cursor: str | None) -> AsyncIterator[Page]:
        """Pages of objects that are new or have changed their status since the last poll, the
        oldest page first. ``cursor`` is the saved one, None for the first poll.

        Raises ``StripeFailure``. https://docs.stripe.com/api/pagination
        """
        if cursor != self.cursor:  # what lies above another one was not seen yet
            self._seen = set()
        self.cursor = cursor
        newest: list[JSON] = []
        above = cursor
        while True:
            before = {"ending_before": above} if above else {}
            page = await self._listing(limit=PAGE_SIZE, **before, **self._filters)
            if new := [one for one in page.data if _version(one) not in self._seen]:
                yield replace(page, data=new)
            newest = (page.data + newest)[: MAX_OVERLAP + 1]
            self.has_gap = page.has_more and not above
            if not page.has_more or not above:
                break
            above = newest[0]["id"]
        if newest:
            self.cursor = _stable_cursor(newest) or self.cursor
            self._seen = {_version(one) for one in newest}


def _version(one: JSON) -> Version:
    """What identifies an object in the status that it had."""
    return one["id"], one.get("status"), one.get("payment_status")


def _stable_cursor(newest: list[JSON]) -> str | None:
    """The id of the newest object that is so old that nothing is listed late below it."""
    until = newest[0]["created"] - OVERLAP_SECONDS
    stable = next((one["id"] for one in newest if one["created"] <= until), None)
    return stable or (newest[-1]["id"] if len(newest) > MAX_OVERLAP else None)
