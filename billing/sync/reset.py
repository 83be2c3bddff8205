"""Beginning anew with a Stripe that changed behind our back: it was reset, or a history came up.

Stripe itself does neither; who offers this asks first.
"""

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
    """Puts our own memory right. Raises ``StoreFailure`` or ``StripeFailure`` when one of them
    does not do its part."""

    def __init__(self, gateway: StripeGateway, store: Store, sync_worker: SyncWorker) -> None:
        self._gateway = gateway
        self._store = store
        self._sync_worker = sync_worker

    async def delete_everything(self) -> None:
        """Sessions, events and the ledger are gone, and the mirror reads all again."""
        await self._store.write(delete_everything)
        await self._sync_worker.restart_backfill()

    async def read_completions(self) -> None:
        """When the sessions in the mirror were completed, as far as Stripe's events still tell.

        They are kept for 30 days: https://docs.stripe.com/api/events
        """
        after: dict[str, Any] = {}
        while True:
            page = await self._gateway.list_events(
                type="checkout.session.completed", limit=100, **after
            )
            told = {events.object_id(event): event["created"] for event in page.data}
            await self._store.write(partial(sessions.record_completion_times, times=told))
            if not page.has_more:
                return
            after = {"starting_after": page.data[-1]["id"]}
