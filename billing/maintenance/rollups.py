"""Keeps the counts of sessions by period in step with the sessions; compares and rebuilds them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from billing.errors import BillingError
from billing.store.sessions import rollups
from billing.timings import DEFAULT_TIMINGS

if TYPE_CHECKING:
    from billing.domain.sessions.rollups import RollupDifference
    from billing.store import Connection, Store
    from billing.timings import Timings

BATCH_SIZE = 1_000  # deltas, or sessions whose days are counted
PAUSE_SECONDS = 0.1  # between two of many batches: others write, too


class Rollups:
    """Every method may be called concurrently, in several processes, too; raises
    ``StoreFailure``."""

    def __init__(self, store: Store, timings: Timings = DEFAULT_TIMINGS) -> None:
        self._store = store
        self._timings = timings

    async def run(self) -> None:
        """Add what changes, until cancelled."""
        while True:
            pause = self._timings.rollups_seconds
            with suppress(BillingError):  # the store logs its failures
                if await self.fold():
                    pause = PAUSE_SECONDS
            await asyncio.sleep(pause)

    async def fold(self) -> bool:
        """Add some of what has changed. False where that was all."""
        if not await self._store.read(rollups.has_deltas):
            return False
        return await self._store.write(_fold)

    async def compare(self) -> list[RollupDifference]:
        """Where they say something else than the sessions: the first of each length of period."""
        found: list[RollupDifference] = []

        def work(connection: Connection) -> None:
            for length, phase in rollups.grids(connection):
                found.extend(rollups.differences(connection, length, phase))

        await self._store.maintain(work)
        return found

    async def rebuild(self) -> None:
        """Count all sessions anew. Nobody else writes until they are noted; figures are right
        all the while."""
        await self._store.maintain(rollups.rebuild, exclusive=True)
        while await self.fold():
            pass


def _fold(connection: Connection) -> bool:
    folded = rollups.fold(connection, BATCH_SIZE)
    return rollups.count_days(connection, BATCH_SIZE) or folded == BATCH_SIZE
