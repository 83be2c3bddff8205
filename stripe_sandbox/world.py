"""What every resource of the sandbox shares: the account, the clock, the objects, the events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from stripe._api_version import _ApiVersion

from stripe_sandbox import errors
from stripe_sandbox.clock import Clock
from stripe_sandbox.database import Database
from stripe_sandbox.events import EventLog, Origin
from stripe_sandbox.objects import NoSuchCursorError, Object, Objects, Window
from stripe_sandbox.pagination import Page

API_VERSION: str = _ApiVersion.CURRENT
"""The one version of Stripe's API that the sandbox speaks: the SDK's."""


@dataclass(frozen=True)
class World:
    """The sandbox's one Stripe account and all that happened in it."""

    database: Database
    objects: Objects
    events: EventLog
    clock: Clock

    def require(self, kind: str, identifier: str, param: str, *, status: int = 400) -> Object:
        """The object of that id. StripeError `resource_missing`: there is none."""
        value = self.objects.get(kind, identifier)
        if value is None:
            raise errors.no_such(kind, identifier, param, status)
        return value

    def page(self, kind: str, url: str, filters: Mapping[str, Any], window: Window) -> Page:
        """A list's page. StripeError: the cursor names nothing."""
        try:
            bodies, more = self.objects.page(kind, filters, window)
        except NoSuchCursorError as error:
            raise errors.no_such(kind, error.identifier, error.parameter) from error
        return Page(url, bodies, more)


@dataclass(frozen=True)
class Call:
    """One request to an endpoint, checked: typed parameters, the ids in its path."""

    params: dict[str, Any]
    ids: tuple[str, ...]
    origin: Origin
    base_url: str


Answer = Object | Page


@dataclass(frozen=True)
class Route:
    """An endpoint: `path` names its ids with a colon, `parameters` is one of the SDK's TypedDicts,
    `simulates` those of its paths that the sandbox acts on, `returns` the kind of object."""

    method: str
    path: str
    handler: Callable[[Call], Answer]
    parameters: type
    returns: str
    simulates: tuple[str, ...] = ()
    lists: bool = False

    @classmethod
    def listing(
        cls,
        path: str,
        handler: Callable[[Call], Answer],
        parameters: type,
        returns: str,
        filters: tuple[str, ...] = (),
    ) -> Route:
        """The endpoint of a list, with those filters that the sandbox acts on."""
        return cls("GET", path, handler, parameters, returns, filters, lists=True)
