"""An endpoint of the API: how a request reaches a resource, and what it may answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stripe_sandbox.api.pagination import Page, SearchPage
from stripe_sandbox.storage.objects import Object


@dataclass(frozen=True)
class Call:
    """One request to an endpoint: its checked and typed parameters, the ids in its path, the
    request's id and idempotency key, the URL under which the sandbox is served, and the API key as
    messages show it."""

    params: dict[str, Any]
    ids: tuple[str, ...]
    request: RequestInfo
    base_url: str
    key: str = ""


@dataclass(frozen=True)
class Stored:
    """An object as it is stored: `body` is its JSON."""

    body: str


Answer = Object | Stored | Page | SearchPage


@dataclass(frozen=True)
class Route:
    """An endpoint: `path` names its ids with a colon, `parameters` is one of the SDK's TypedDicts,
    `simulates` those of its paths that the sandbox acts on, `returns` the kind of object that the
    answer is or lists. `empty`: what it lists or retrieves cannot exist in the sandbox;
    `searches`: its answer is a search result; `former`: only older versions have it."""

    method: str
    path: str
    handler: Callable[[Call], Answer]
    parameters: type
    returns: str
    simulates: tuple[str, ...] = ()
    lists: bool = False
    empty: bool = False
    searches: bool = False
    former: bool = False

    @property
    def name(self) -> str:
        """Method and path: `POST /v1/prices/:price`."""
        return f"{self.method} {self.path}"

    @classmethod
    def listing(
        cls,
        path: str,
        handler: Callable[[Call], Answer],
        parameters: type,
        returns: str,
        filters: tuple[str, ...] = (),
        *,
        empty: bool = False,
    ) -> Route:
        """The endpoint of a list, with those filters that the sandbox acts on."""
        return cls("GET", path, handler, parameters, returns, filters, lists=True, empty=empty)


@dataclass(frozen=True)
class RequestInfo:
    """The API request that caused an event, as the event's `request` names it; empty for what a
    payer or the clock caused."""

    id: str | None = None
    idempotency_key: str | None = None


NO_REQUEST = RequestInfo()
