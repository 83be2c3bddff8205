"""A history that the sandbox simulated, stored as if this dashboard had been there: each event
arrived when it happened, and each grant was made by its event. Stripe itself has no such history.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from zlib import crc32

from billing.domain.event import EventSource
from billing.domain.stripe_json import text_at
from billing.ledger.fulfillment import SyncBatch, upsert_and_grant
from billing.store import events, sessions
from billing.store.events import ReceivedEvent
from billing.store.reset import delete_everything
from billing.stripe_api.gateway import PAGE_SIZE
from billing.webhooks.processor import initial_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from billing.session_reader import SessionReader
    from billing.store import Connection, Store
    from billing.stripe_api.gateway import StripeGateway
    from billing.sync.worker import SyncWorker

T = TypeVar("T")
JSON = dict[str, Any]

PAID_BY = ("checkout.session.completed", "checkout.session.async_payment_succeeded")
LONGEST_DELAY = 1.8  # seconds, from an event to its webhook


class SimulatedHistory:
    """Replaces all that is stored by a history. Every method raises ``StoreFailure`` or
    ``StripeFailure``."""

    def __init__(
        self,
        gateway: StripeGateway,
        reader: SessionReader,
        store: Store,
        sync_worker: SyncWorker,
    ) -> None:
        self._gateway = gateway
        self._reader = reader
        self._store = store
        self._sync_worker = sync_worker

    async def replace(self, simulate: Callable[[], T]) -> T:
        """Delete what is stored, have ``simulate`` (called in a thread) reset and fill the
        sandbox, and store what came of it; its result."""
        async with self._sync_worker.paused():
            await self._store.write(delete_everything)
            result = await asyncio.to_thread(simulate)
            paid_by = await self._store_events()
            await self._store_sessions(paid_by)
        await self._sync_worker.restart_backfill()
        return result

    async def _store_events(self) -> dict[str, ReceivedEvent]:
        """Store all events; which of them told that a session was paid, by session id."""
        paid_by: dict[str, ReceivedEvent] = {}
        after: JSON = {}
        while True:
            page = await self._gateway.list_events(limit=PAGE_SIZE, **after)
            arrivals = [_arrival(event) for event in reversed(page.data)]
            await self._store.write(partial(events.record_processed, arrivals=arrivals))
            for arrival in arrivals:
                subject = arrival.event["data"]["object"]
                is_paid = text_at(subject, "payment_status") != "unpaid"
                if arrival.event["type"] in PAID_BY and is_paid:
                    paid_by[events.object_id(arrival.event)] = arrival
            if not page.has_more:
                return paid_by
            after = {"starting_after": page.data[-1]["id"]}

    async def _store_sessions(self, paid_by: dict[str, ReceivedEvent]) -> None:
        causes = {session_id: one.event["id"] for session_id, one in paid_by.items()}
        times = {session_id: one.at for session_id, one in paid_by.items()}
        after: JSON = {}
        while True:
            page = await self._gateway.list_checkout_sessions(limit=PAGE_SIZE, **after)
            found = await self._reader.read_all(page.data, page.requested_at)
            batch = SyncBatch.of(found, causes, times)
            ids = [one.session.id for one in found]
            await self._store.write(partial(_store_batch, batch=batch, session_ids=ids))
            if not page.has_more:
                return
            after = {"starting_after": page.data[-1]["id"]}


def _arrival(event: JSON) -> ReceivedEvent:
    delay = 0.2 + crc32(event["id"].encode()) / 2**32 * LONGEST_DELAY
    at = event["created"] + delay
    return ReceivedEvent(event, EventSource.WEBHOOK, initial_state(event), at)


def _store_batch(connection: Connection, batch: SyncBatch, session_ids: Iterable[str]) -> None:
    upsert_and_grant(connection, [batch])
    sessions.record_completions(connection, list(session_ids))
