"""Removes what is stored of events and requests when it is no longer needed, and rebuilds indexes.

Sessions, Stripe's objects and the ledger stay. See docs/operations.md.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from billing.domain.logged_request import MICROSECONDS
from billing.errors import BillingError
from billing.store import leases, requests, sync_state
from billing.store.maintenance import retention
from billing.store.maintenance.indexes import rebuild_indexes
from billing.timings import DEFAULT_TIMINGS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from billing.settings.model import Settings
    from billing.store import Connection, Store
    from billing.timings import Timings

log = logging.getLogger(__name__)

DAY = 86_400.0
BATCH_SIZE = 100  # events: a few milliseconds, in which nothing else is written
PAUSE_SECONDS = 0.2  # between two batches
LEASE = "retention"
LEASE_SECONDS = 60.0
BEGUN = "retention_begun"
REBUILT = "indexes_rebuilt"


@dataclass(frozen=True)
class Removed:
    """How many payloads, and how many events and logged requests whole."""

    payloads: int = 0
    events: int = 0
    requests: int = 0


class Retention:
    """``run`` it as long as the server runs; of several processes one works at a time."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        timings: Timings = DEFAULT_TIMINGS,
        *,
        clock: Callable[[], float] = time.time,
        pause: float = PAUSE_SECONDS,
    ) -> None:
        self._seconds = settings.event_days * DAY
        self._store = store
        self._timings = timings
        self._clock = clock
        self._pause = pause
        self._lease = leases.Lease(LEASE, LEASE_SECONDS)

    async def run(self) -> None:
        """Remove what is due every ``retention_seconds``, and rebuild the indexes every
        ``indexes_seconds``, until cancelled."""
        while True:
            with suppress(BillingError):  # the store logs its failures
                if await self._is_due(BEGUN, self._timings.retention_seconds):
                    await self.apply()
                if await self._is_due(REBUILT, self._timings.indexes_seconds):
                    await self._store.maintain(rebuild_indexes)
            await asyncio.sleep(self._timings.retention_check_seconds)

    async def apply(self) -> Removed:
        """Remove what is due, in small batches. Raises ``StoreFailure``; the batches before are
        done."""
        try:
            payloads = await self._in_batches(self._remove_payloads)
            removed = Removed(
                payloads,
                await self._in_batches(self._delete_ignored),
                await self._in_batches(self._delete_requests),
            )
        finally:
            with suppress(BillingError):
                await self._store.write(self._lease.release)
        if removed != Removed():
            log.info(
                "Retention: removed %s payloads, %s events that are not handled and %s requests",
                *(removed.payloads, removed.events, removed.requests),
            )
        return removed

    async def _in_batches(self, remove: Callable[[], Awaitable[int]]) -> int:
        """``remove`` until there is nothing left to do, or another process does it; how many."""
        total = 0
        while True:
            done = await remove()
            total += done
            if done < BATCH_SIZE:
                return total
            await asyncio.sleep(self._pause)

    async def _remove_payloads(self) -> int:
        now = self._clock()
        # Read and summed up beside the writer: webhooks do not wait for that.
        before = now - self._seconds
        look = partial(retention.leftovers, handled_before=before, limit=BATCH_SIZE)
        found = await self._store.read(look)
        remove = partial(retention.remove_payloads, found=found, at=now)
        return len(found) if found and await self._leased(remove) is not None else 0

    async def _delete_ignored(self) -> int:
        before = self._clock() - self._seconds
        delete = partial(retention.delete_ignored, before=before, limit=BATCH_SIZE)
        return await self._leased(delete) or 0

    async def _delete_requests(self) -> int:
        before = int((self._clock() - self._seconds) * MICROSECONDS)
        delete = partial(requests.delete_before, before=before, limit=BATCH_SIZE)
        return await self._leased(delete) or 0

    async def _leased(self, work: Callable[[Connection], int]) -> int | None:
        """What ``work`` answers; None while another process holds the lease."""

        def run(connection: Connection) -> int | None:
            return work(connection) if self._lease.acquire(connection) else None

        return await self._store.write(run)

    async def _is_due(self, name: str, every: float) -> bool:
        """So many seconds have passed since the last, of whichever process. The first follows so
        long after the start."""

        def begin(connection: Connection) -> bool:
            now, begun = leases.now(connection), sync_state.load(connection, name)
            if begun is not None and begun <= now < begun + every:
                return False
            sync_state.save(connection, name, now)
            return begun is not None

        return await self._store.write(begin)
