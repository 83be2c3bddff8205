"""Starts over after the sandbox was reset or was given a history. Stripe itself does neither."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from billing.store import events, sessions
from billing.store.reset import delete_everything

if TYPE_CHECKING:
    from billing.store import Store
    from billing.stripe_api.gateway import StripeGateway
    from billing.sync.worker import SyncWorker


class AccountReset:
    """Every method raises ``StoreFailure`` or ``StripeFailure``."""

    def __init__(self, gateway: StripeGateway, store: Store, sync_worker: SyncWorker) -> None:
        self._gateway = gateway
        self._store = store
        self._sync_worker = sync_worker

    async def delete_everything(self) -> None:
        """Delete sessions, events and grants, and read everything again from Stripe."""
        await self._store.write(delete_everything)
        await self._sync_worker.restart_backfill()

    async def read_completions(self) -> None:
        """Store when sessions were completed, from Stripe's events, which reach back 30 days.
        https://docs.stripe.com/api/events
        """
        after: dict[str, Any] = {}
        while True:
            page = await self._gateway.list_events(
                type="checkout.session.completed", limit=100, **after
            )
            completed = {events.object_id(event): event["created"] for event in page.data}
            await self._store.write(partial(sessions.record_completion_times, times=completed))
            if not page.has_more:
                return
            after = {"starting_after": page.data[-1]["id"]}
