"""A long history of Checkout Sessions, listed as Stripe lists them, at next to no cost."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from benchmarks.stripe.answers import past_session, printed, session_id, unexpanded

if TYPE_CHECKING:
    from collections.abc import Mapping

SECONDS_APART = 240


def created(place: int, count: int, newest: int) -> int:
    """When the session at this place of ``count`` was made."""
    return newest - SECONDS_APART * (count - 1 - place)


class History:
    """``count`` sessions, one every four minutes up to ``newest`` (Unix seconds)."""

    def __init__(self, count: int, newest: int) -> None:
        self._created = [created(place, count, newest) for place in range(count)]
        sessions = [past_session(place, moment) for place, moment in enumerate(self._created)]
        self._bodies = [printed(session) for session in sessions]
        self._with_items = [printed(unexpanded(one, line_items=True)) for one in sessions]
        self._unexpanded = [printed(unexpanded(one)) for one in sessions]
        self._places = {session_id(place): place for place in range(count)}

    def __len__(self) -> int:
        return len(self._bodies)

    def session(self, wanted: str, query: str) -> bytes | None:
        """One session's JSON, or None; ``query`` says what is expanded."""
        place = self._places.get(wanted)
        if place is None:
            return None
        if "subscription" in query:
            return self._bodies[place]
        return (self._with_items if "line_items" in query else self._unexpanded)[place]

    def page(self, query: Mapping[str, str]) -> bytes:
        """A page of the list. https://docs.stripe.com/api/checkout/sessions/list"""
        limit = int(query.get("limit", "10"))
        first = bisect_left(self._created, int(query.get("created[gte]", "0")))
        end = bisect_right(self._created, int(query.get("created[lte]", str(2**40))))
        if "starting_after" in query:
            end = min(end, self._places[query["starting_after"]])
        if "ending_before" in query:
            first = max(first, self._places[query["ending_before"]] + 1)
            shown = range(min(end, first + limit) - 1, first - 1, -1)
            more = end - first > limit
        else:
            shown = range(end - 1, max(first, end - limit) - 1, -1)
            more = end - first > limit
        bodies = b",".join(self._bodies[place] for place in shown)
        return (
            b'{"object": "list", "url": "/v1/checkout/sessions", "has_more": %s, "data": [%s]}'
            % (b"true" if more else b"false", bodies)
        )
