"""The requests that this app made, in either mode, as anybody may look them up."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from billing.access.caller import requires
from billing.domain.access import Permission
from billing.domain.logged_request import THIS_APP, RequestDetails, RequestPage
from billing.request_log.caused_events import caused_events
from billing.request_log.reading import CAUSES_LIMIT, PAGE_SIZE, TOUCHING_LIMIT
from billing.store import requests

if TYPE_CHECKING:
    from collections.abc import Collection

    from billing.domain.logged_request import ErrorCause, LoggedRequest, RequestFilter
    from billing.request_log.recorder import RequestRecorder
    from billing.store import Connection, Store


class OwnRequestLog:
    """A ``RequestLog`` of the requests that this app sent to Stripe."""

    def __init__(self, store: Store, recorder: RequestRecorder) -> None:
        self._store = store
        self._recorder = recorder

    @requires(Permission.VIEW)
    async def page(self, wanted: RequestFilter, below: int | None = None) -> RequestPage:
        """The newest that match, or those below an id."""
        if wanted.client not in ("", THIS_APP):
            return RequestPage((), None)
        await self._recorder.write()
        query = partial(requests.page, wanted=wanted, limit=PAGE_SIZE, below=below)
        return await self._store.read(query)

    @requires(Permission.VIEW)
    async def get(self, request_id: int) -> RequestDetails | None:
        """One of them whole; None when it is not in the log, or no longer."""

        def read(connection: Connection) -> RequestDetails | None:
            request = requests.get(connection, request_id)
            if request is None:
                return None
            key = request.idempotency_key
            alike = requests.touching(connection, [key], TOUCHING_LIMIT) if key else []
            twins = tuple(one for one in alike if one.id != request.id)
            return RequestDetails(request, twins, caused_events(connection, request))

        return await self._store.read(read)

    @requires(Permission.VIEW)
    async def causes(self) -> list[ErrorCause]:
        """Why requests failed, the newest cause first."""
        await self._recorder.write()
        return await self._store.read(partial(requests.causes, limit=CAUSES_LIMIT))

    @requires(Permission.VIEW)
    async def touching(self, object_ids: Collection[str]) -> list[LoggedRequest]:
        """Those that touched any of these objects, the oldest first."""
        await self._recorder.write()
        query = partial(requests.touching, terms=object_ids, limit=TOUCHING_LIMIT)
        return await self._store.read(query)

    @requires(Permission.VIEW)
    async def clients(self) -> list[str]:
        """This app alone."""
        return [THIS_APP]
