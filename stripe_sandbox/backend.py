"""What every resource of the sandbox shares: the account, the clock, the objects, the events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stripe_sandbox import errors
from stripe_sandbox.api.pagination import Page
from stripe_sandbox.clock import Clock
from stripe_sandbox.event_log import EventLog
from stripe_sandbox.storage.database import Database
from stripe_sandbox.storage.objects import NoSuchCursorError, Object, Objects, Window


@dataclass(frozen=True)
class Backend:
    """The sandbox's one Stripe account and all that happened in it."""

    database: Database
    objects: Objects
    events: EventLog
    clock: Clock

    def require(self, kind: str, identifier: str, param: str, *, status: int = 400) -> Object:
        """The object of that kind and id. StripeError `resource_missing`: there is none; `param`
        names where the id came from, and `status` is 404 for a path."""
        value = self.objects.get(kind, identifier)
        if value is None:
            raise errors.no_such(kind, identifier, param, status)
        return value

    def page(
        self,
        kind: str,
        url: str,
        filters: Mapping[str, Any],
        window: Window,
        shown_as: str | None = None,
    ) -> Page:
        """A page of a list: the objects whose columns equal the filters, in the window.
        StripeError: the cursor names nothing; `shown_as`: what it is called then, if not by its
        kind."""
        try:
            bodies, more = self.objects.page(kind, filters, window)
        except NoSuchCursorError as error:
            raise errors.no_such(shown_as or kind, error.identifier, error.parameter) from error
        return Page(url, bodies, more)
