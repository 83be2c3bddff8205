"""Starts over after the sandbox was reset. Stripe itself never is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.access.caller import requires
from billing.domain.access import Permission
from billing.store.reset import delete_everything

if TYPE_CHECKING:
    from billing.store import Store
    from billing.sync.worker import SyncWorker


class AccountReset:
    """Every method raises ``StoreFailure`` or ``StripeFailure``."""

    def __init__(self, store: Store, sync_worker: SyncWorker) -> None:
        self._store = store
        self._sync_worker = sync_worker

    @requires(Permission.RESET)
    async def delete_everything(self) -> None:
        """Delete sessions, events and grants, and read everything again from Stripe. What a step of
        the sync worker has read before is not stored after it."""
        async with self._sync_worker.paused():
            await self._store.write(delete_everything)
        await self._sync_worker.restart_backfill()
