"""Writes the requests that were sent to Stripe into the log, together and after their answers."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING

from billing.delayed_writer import DelayedWriter
from billing.domain.logged_request import MICROSECONDS
from billing.errors import BillingError
from billing.outages import Outage
from billing.request_log.rows import logged
from billing.store import requests
from billing.timings import DEFAULT_TIMINGS

if TYPE_CHECKING:
    from billing.settings.model import Settings
    from billing.store import Store
    from billing.stripe_api.sent_request import RecordRequest, SentRequest
    from billing.timings import Timings

log = logging.getLogger(__name__)

A_FEW = 16  # are made rows at a time: half a millisecond
AT_ONCE = 256  # a power of two, as many as the database's statements take
MOST_BATCHES = 8  # while the database does not write; then the oldest are dropped
TRIMS = 8  # the log may grow by this part of its size between two: finding its end reads all of it


class RequestRecorder:
    """Belongs to one event loop; close it with ``aclose``. The log has a size, counted in
    requests; 0 turns it off."""

    def __init__(
        self, settings: Settings, store: Store, timings: Timings = DEFAULT_TIMINGS
    ) -> None:
        self._size = settings.request_log_size
        self._store = store
        self._sent: list[SentRequest] = []
        self._batches: list[requests.Batch] = []
        self._harmless: set[bytes] = set()
        self._writer = DelayedWriter(
            self.write,
            lambda: bool(self._sent or self._batches),
            timings.request_log_write_seconds,
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
        self._sent.append(sent)
        if len(self._sent) == A_FEW:
            # Once the answer is on the way, and while all of them are in the processor's cache.
            asyncio.get_running_loop().call_soon(self._add_sent)
        self._writer.write_soon()

    def _add_sent(self) -> None:
        """Leave of what was sent what is written: a hundredth of the memory."""
        sent, self._sent = self._sent, []
        try:
            self._add(sent)
        except Exception:  # noqa: BLE001 - one of them must not hold up the others
            for one in sent:
                try:
                    self._add([one])
                except Exception as error:  # noqa: BLE001 - likewise
                    self._outage.failed("A request could not be logged", error=error)

    def _add(self, sent: list[SentRequest]) -> None:
        ids = [self._next_id(one.at) for one in sent]
        for row, contents in logged(sent, ids, self._harmless):
            self._open_batch().add(row, contents)

    def _open_batch(self) -> requests.Batch:
        if not self._batches or len(self._batches[-1]) >= AT_ONCE:
            self._harmless.clear()
            self._batches.append(requests.Batch())
            del self._batches[:-MOST_BATCHES]
        return self._batches[-1]

    async def _write(self) -> None:
        self._add_sent()
        while self._batches:
            batch = self._batches.pop(0)
            try:
                # A write that was begun goes on: else nobody knows whether to write it again.
                await asyncio.shield(self._store.write(partial(requests.add, batch=batch)))
            except BillingError:
                self._batches.insert(0, batch)
                raise
            self._untrimmed += len(batch)
        if self._untrimmed > self._size // TRIMS:
            await self._store.write(partial(requests.trim, size=self._size))
            self._untrimmed = 0

    def _next_id(self, at: float) -> int:
        self._last_id = max(self._last_id + 1, int(at * MICROSECONDS))
        return self._last_id
