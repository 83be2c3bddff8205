"""What a log of requests can be asked, whoever made them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

    from billing.domain.logged_request import (
        ErrorCause,
        LoggedRequest,
        RequestDetails,
        RequestFilter,
        RequestPage,
    )

PAGE_SIZE = 50
CAUSES_LIMIT = 50
TOUCHING_LIMIT = 100
ID_LENGTH = 300


class RequestLog(Protocol):
    """A log of requests. Every method needs ``Permission.VIEW``, and raises a ``BillingError`` when
    the log cannot be read."""

    async def page(self, wanted: RequestFilter, below: int | None = None) -> RequestPage:
        """The newest that match, or those below the id of one, ``PAGE_SIZE`` at the most."""
        ...

    async def get(self, request_id: int) -> RequestDetails | None:
        """One of them whole; None when it is not in the log, or no longer."""
        ...

    async def causes(self) -> list[ErrorCause]:
        """Why requests failed, the newest cause first; ``CAUSES_LIMIT`` at the most."""
        ...

    async def touching(self, object_ids: Collection[str]) -> list[LoggedRequest]:
        """Those that named any of these objects, or were answered with one, the oldest first; of
        more than ``TOUCHING_LIMIT`` the newest."""
        ...

    async def clients(self) -> list[str]:
        """Who made them, in alphabetical order."""
        ...
