"""Stripe's lists and their cursors (https://docs.stripe.com/api/pagination)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stripe_sandbox import errors
from stripe_sandbox.storage.json_text import dump_list, load
from stripe_sandbox.storage.objects import Object, Window

PARAMETERS = ("limit", "starting_after", "ending_before")


@dataclass(frozen=True)
class Page:
    """The answer to a list request; `bodies` are the objects as JSON."""

    url: str
    bodies: list[str]
    has_more: bool

    def to_json(self) -> str:
        """The list object as JSON, made without parsing the objects in it."""
        return dump_list(self.url, self.bodies, self.has_more)

    def to_object(self) -> Object:
        """The list object."""
        return list_object(self.url, [load(body) for body in self.bodies], self.has_more)


TOTAL_COUNT = "total_count"
"""What a search result holds only when it is expanded."""


@dataclass(frozen=True)
class SearchPage:
    """The answer to a search: `bodies` are the objects as JSON, `count` returns how many there are
    in all."""

    url: str
    bodies: list[str]
    next_page: str | None
    count: Callable[[], int]

    def to_object(self, *, counted: bool) -> Object:
        """The search result, with the `total_count` if `counted`."""
        found: Object = {
            "object": "search_result",
            "data": [load(body) for body in self.bodies],
            "has_more": self.next_page is not None,
            "next_page": self.next_page,
            "url": self.url,
        }
        return {**found, TOTAL_COUNT: self.count()} if counted else found


def pick(params: dict[str, Any], *names: str) -> dict[str, Any]:
    """The parameters of those names, as far as they are given."""
    return {name: params[name] for name in names if name in params}


def list_object(url: str, data: list[Object], has_more: bool = False) -> Object:
    """Stripe's list object."""
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def read_limit(params: dict[str, Any]) -> int:
    """How many objects a page may have. StripeError: a limit outside 1 to 100."""
    limit: int = params.get("limit", 10)
    if limit < 1:
        raise errors.bad_parameter(
            "This value must be greater than or equal to 1.", "limit", "parameter_invalid_integer"
        )
    if limit > 100:
        raise errors.bad_parameter(
            "This value must be less than or equal to 100.", "limit", "parameter_invalid_integer"
        )
    return limit


def read_window(params: dict[str, Any]) -> Window:
    """The part of a list that the parameters ask for. StripeError: a limit outside 1 to 100, or
    both cursors at once."""
    if "starting_after" in params and "ending_before" in params:
        raise errors.bad_parameter(
            "Received both starting_after and ending_before parameters. Please pass in only one.",
            "ending_before",
        )
    created = params.get("created", {})
    if isinstance(created, int):
        created = {"gte": created, "lte": created}
    return Window(
        limit=read_limit(params),
        starting_after=params.get("starting_after"),
        ending_before=params.get("ending_before"),
        created=created,
    )


def paginate(url: str, data: list[Object], params: dict[str, Any], kind: str) -> Object:
    """The part of a short list that the parameters ask for, as a list object; `data` holds the
    whole list, such as a session's line items, in the list's own order. StripeError: the cursor
    names nothing."""
    window = read_window(params)
    ids = [value["id"] for value in data]
    for parameter, cursor in (
        ("starting_after", window.starting_after),
        ("ending_before", window.ending_before),
    ):
        if cursor is not None and cursor not in ids:
            raise errors.no_such(kind, cursor, parameter)
    if window.ending_before is not None:
        before = data[: ids.index(window.ending_before)]
        return list_object(url, before[-window.limit :], len(before) > window.limit)
    start = 0 if window.starting_after is None else ids.index(window.starting_after) + 1
    end = start + window.limit
    return list_object(url, data[start:end], len(data) > end)
