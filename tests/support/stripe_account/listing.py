"""Objects by age, and the pages of a list of them."""

from __future__ import annotations

import bisect
import json
from typing import Any

JSON = dict[str, Any]
Query = dict[str, list[str]]


class Listing:
    """Objects by age. A page costs the same however many there are."""

    def __init__(self) -> None:
        self._order: list[tuple[int, int, str]] = []  # created, arrival, id: the oldest first
        self._places: dict[str, tuple[int, int, str]] = {}
        self._bodies: dict[str, bytes] = {}
        self._expanded: dict[str, bytes] = {}
        self._types: dict[str, str] = {}
        self.shown = 0

    def put(self, value: JSON, expanded: JSON | None = None) -> None:
        """Store a value; ``expanded`` is what a list shows with everything expanded."""
        name = value["id"]
        if name not in self._places:
            self._places[name] = place = (value["created"], len(self._places), name)
            bisect.insort(self._order, place)
        self._types[name] = value.get("type", "")
        self._bodies[name] = json.dumps(value).encode()
        self._expanded[name] = json.dumps(expanded or value).encode()

    def drop(self, name: str) -> None:
        self._order.remove(self._places.pop(name))
        del self._bodies[name], self._expanded[name], self._types[name]

    def get(self, name: str, expanded: bool = False) -> JSON:
        """One of them, by its id. KeyError: there is none."""
        return dict(json.loads((self._expanded if expanded else self._bodies)[name]))

    def page(self, query: Query) -> bytes:
        """A page of the list, as Stripe answers. KeyError: the cursor is unknown."""
        asked = {name: values[0] for name, values in query.items()}
        limit = int(asked.get("limit", 10))
        lowest = (int(asked.get("created[gte]", 0)), -1, "")
        highest = (int(asked.get("created[lte]", 2**40)) + 1, -1, "")
        first = bisect.bisect_left(self._order, lowest)
        end = bisect.bisect_left(self._order, highest)
        for cursor in ("starting_after", "ending_before"):
            if cursor in asked and asked[cursor] not in self._places:
                raise KeyError(asked[cursor])
        if "starting_after" in asked:
            end = min(end, bisect.bisect_left(self._order, self._places[asked["starting_after"]]))
        upward = "ending_before" in asked
        if upward:
            place = self._places[asked["ending_before"]]
            first = max(first, bisect.bisect_right(self._order, place))
        wanted = {values[0] for name, values in query.items() if name.startswith("types")}
        found: list[str] = []
        for position in range(first, end) if upward else range(end - 1, first - 1, -1):
            name = self._order[position][2]
            if not wanted or self._types[name] in wanted:
                found.append(name)
            if len(found) > limit:
                break
        chosen = found[:limit][::-1] if upward else found[:limit]
        more = b"true" if len(found) > limit else b"false"
        self.shown += len(chosen)
        bodies = self._expanded if expanded_fields(query) else self._bodies
        data = b",".join(bodies[name] for name in chosen)
        return b'{"object":"list","has_more":' + more + b',"data":[' + data + b"]}"


def expanded_fields(query: Query) -> set[str]:
    """What a request asks to be expanded."""
    return {values[0] for name, values in query.items() if name.startswith("expand")}
