"""What is new in one of Stripe's lists, a request a time however long the list is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from billing.stripe_api.gateway import PAGE_SIZE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from billing.stripe_api.requests import Page

# Stripe may list a thing late, below what it has shown before; so what is newest is read again.
# https://blog.sequin.io/finding-and-fixing-eventual-consistency-with-stripe-events
LOOK_BACK_SECONDS = 60
LOOK_BACK_AT_MOST = 50

JSON = dict[str, Any]
Version = tuple[str, str | None, str | None]


class ListPoller:
    """Follows the list that ``listing`` asks for. After ``pages``, ``place`` is the id to go on
    above: keep it with what was read, for the next time and the next process. ``has_gap`` when
    more came at once than one page shows, and nothing is known below it."""

    def __init__(self, listing: Callable[..., Awaitable[Page]], **filters: Any) -> None:
        self._listing = listing
        self._filters = filters
        self._seen: set[Version] = set()
        self.place: str | None = None
        self.has_gap = False

    async def pages(self, place: str | None) -> AsyncIterator[list[JSON]]:
        """Pages of what is new or has changed its state since the last time, the oldest first.

        ``place`` is where to go on above, None at the beginning. Raises ``StripeFailure``.
        """
        if place != self.place:  # what lies above another one was not seen yet
            self._seen = set()
        self.place = place
        newest: list[JSON] = []
        above = place
        while True:
            before = {"ending_before": above} if above else {}
            page = await self._listing(limit=PAGE_SIZE, **before, **self._filters)
            if new := [one for one in page.data if _version(one) not in self._seen]:
                yield new
            newest = (page.data + newest)[: LOOK_BACK_AT_MOST + 1]
            self.has_gap = page.has_more and not above
            if not page.has_more or not above:
                break
            above = newest[0]["id"]
        if newest:
            self.place = _settled(newest) or self.place
            self._seen = {_version(one) for one in newest}


def _version(one: JSON) -> Version:
    """What tells a thing, in the state it was seen in."""
    return one["id"], one.get("status"), one.get("payment_status")


def _settled(newest: list[JSON]) -> str | None:
    """The first of these, the newest first, below which nothing is listed late any more."""
    until = newest[0]["created"] - LOOK_BACK_SECONDS
    settled = next((one["id"] for one in newest if one["created"] <= until), None)
    return settled or (newest[-1]["id"] if len(newest) > LOOK_BACK_AT_MOST else None)
