"""Writes the requests that were sent to Stripe into the log, together and after their answers."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING

from billing.delayed_writer import DelayedWriter
from billing.domain.logged_request import MICROSECONDS, cause_of
from billing.outages import Outage
from billing.request_log.rows import logged
from billing.store import requests
from billing.stripe_api.path_template import path_template
from billing.timings import DEFAULT_TIMINGS

if TYPE_CHECKING:
    from billing.domain.logged_request import LoggedRequest
    from billing.settings.model import Settings
    from billing.store import Store
    from billing.stripe_api.sent_request import RecordRequest, SentRequest
    from billing.timings import Timings

log = logging.getLogger(__name__)

MOST_WAITING = 2_000  # while the database does not write; then the oldest are dropped
AT_ONCE = 250
TRIMS = 8  # the log may grow by this part of its size between two: finding its end reads all of it


class RequestRecorder:
    """Belongs to one event loop; close it with ``aclose``. The log has a size, counted in
    requests; 0 turns it off."""

    def __init__(
        self, settings: Settings, store: Store, timings: Timings = DEFAULT_TIMINGS
    ) -> None:
        self._size = settings.request_log_size
        self._store = store
        self._waiting: list[SentRequest] = []
        self._writer = DelayedWriter(
            self.write, lambda: bool(self._waiting), timings.request_log_write_seconds
        )
        self._writing = asyncio.Lock()
        self._last_id = 0
        self._untrimmed = self._size  # what earlier runs left is trimmed with the first
        self._outage = Outage(log, "The log of requests")

    @property
    def record(self) -> RecordRequest | None:
        """What takes note of a request; None when the log is turned off."""
        return self._record if self._size else None

    async def write(self) -> None:
        """Write what is waiting. Raises ``StoreFailure``, and then it is still waiting."""
        async with self._writing:
            await self._write()

    async def aclose(self) -> None:
        """Write what is waiting, if the database does."""
        await self._writer.aclose()

    def _record(self, sent: SentRequest) -> None:
        self._waiting.append(sent)
        if len(self._waiting) > MOST_WAITING:
            del self._waiting[0]
        self._writer.write_soon()

    async def _write(self) -> None:
        while self._waiting:
            some, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
            try:
                await self._store.write(partial(requests.add, found=await self._rows(some)))
            except BaseException:
                self._waiting[:0] = some
                del self._waiting[:-MOST_WAITING]
                raise
            self._untrimmed += len(some)
        if self._untrimmed > self._size // TRIMS:
            await self._store.write(partial(requests.trim, size=self._size))
            self._untrimmed = 0

    async def _rows(self, some: list[SentRequest]) -> list[tuple[LoggedRequest, str]]:
        """Made in another thread: nobody's answer waits for that."""
        ids = [self._next_id(one.at) for one in some]
        return await asyncio.to_thread(self._made, some, ids)

    def _made(self, some: list[SentRequest], ids: list[int]) -> list[tuple[LoggedRequest, str]]:
        found = []
        for one, request_id in zip(some, ids, strict=True):
            try:
                request = logged(one, request_id)
            except Exception as error:  # noqa: BLE001 - one of them must not hold up the others
                self._outage.failed("A request could not be logged", error=error)
                continue
            found.append((request, cause_of(request, path_template(one.path))))
        return found

    def _next_id(self, at: float) -> int:
        self._last_id = max(self._last_id + 1, int(at * MICROSECONDS))
        return self._last_id
