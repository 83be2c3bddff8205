"""A history that the sandbox simulated, stored as if this dashboard had been there: each event
arrived when it happened, and each grant was made by its event. Stripe itself has no such history.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from zlib import crc32

from billing.access.caller import requires
from billing.domain.access import Permission
from billing.domain.events.event import PAYMENT_FAILED, EventSource, subject_of
from billing.domain.stripe_json import text_at
from billing.ledger.account import read_now
from billing.ledger.fulfillment import SyncBatch, upsert_and_grant
from billing.store import events
from billing.store.events import ReceivedEvent
from billing.store.reset import delete_everything
from billing.stripe_api.gateway import PAGE_SIZE
from billing.webhooks.processor import initial_state

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from billing.domain.sessions.details import SessionReading
    from billing.ledger.account import AccountReader
    from billing.session_reader import SessionReader
    from billing.store import Store
    from billing.stripe_api.gateway import StripeGateway
    from billing.sync.worker import SyncWorker

T = TypeVar("T")
JSON = dict[str, Any]

UNTOLD = ("checkout.session.expired", PAYMENT_FAILED)  # no line of the ledger comes of these
LONGEST_DELAY = 1.8  # seconds, from an event to its webhook


class SimulatedHistory:
    """Replaces all that is stored by a history. Every method raises ``StoreFailure`` or
    ``StripeFailure``."""

    def __init__(
        self,
        gateway: StripeGateway,
        reader: SessionReader,
        account_reader: AccountReader,
        store: Store,
        sync_worker: SyncWorker,
    ) -> None:
        self._gateway = gateway
        self._reader = reader
        self._account_reader = account_reader
        self._store = store
        self._sync_worker = sync_worker

    @requires(Permission.FILL)
    async def replace(self, simulate: Callable[[], T]) -> T:
        """Delete what is stored, have ``simulate`` (called in a thread) reset and fill the
        sandbox, and store what came of it; its result."""
        async with self._sync_worker.paused():
            await self._store.write(delete_everything)
            result = await asyncio.to_thread(simulate)
            last_events = await self._store_events()
            await self._store_sessions(last_events)
            await self._account_reader.catch_up(partial(_cause, last_events=last_events))
        await self._sync_worker.restart_backfill()
        return result

    async def _store_events(self) -> dict[str, ReceivedEvent]:
        """Store all events; which of them told that a session was paid, or what became of a
        payment or subscription last, by the id of that."""
        last_events: dict[str, ReceivedEvent] = {}
        after: JSON = {}
        while True:
            page = await self._gateway.list_events(limit=PAGE_SIZE, **after)
            arrivals = [_arrival(event) for event in page.data]
            await self._store.write(partial(events.record_processed, arrivals=arrivals))
            for arrival in arrivals:
                event = arrival.event
                unpaid = text_at(event["data"]["object"], "payment_status") == "unpaid"
                about = subject_of(event)
                if about and about[1] and event["type"] not in UNTOLD and not unpaid:
                    last_events.setdefault(about[1], arrival)  # the newest page comes first
            if not page.has_more:
                return last_events
            after = {"starting_after": page.data[-1]["id"]}

    async def _store_sessions(self, last_events: Mapping[str, ReceivedEvent]) -> None:
        causes = {name: one.event["id"] for name, one in last_events.items()}
        times = {name: one.at for name, one in last_events.items()}
        after: JSON = {}
        while True:
            page = await self._gateway.list_checkout_sessions(limit=PAGE_SIZE, **after)
            found = await self._reader.read_all(page.data, page.requested_at)
            batch = SyncBatch.of([_when_it_was_paid(one) for one in found], causes, times)
            await self._store.write(partial(upsert_and_grant, ready=[batch]))
            if not page.has_more:
                return
            after = {"starting_after": page.data[-1]["id"]}


def _when_it_was_paid(reading: SessionReading) -> SessionReading:
    """What became of its subscription since is read, and told, afterwards."""
    if reading.subscription is None:
        return reading
    began = reading.subscription | {"status": "active", "cancel_at": None}
    return replace(reading, subscription=began, read_at=0.0)


def _cause(name: str, last_events: Mapping[str, ReceivedEvent]) -> tuple[str, float]:
    """The event that told last of a payment or subscription, and when it arrived."""
    return (
        (last_events[name].event["id"], last_events[name].at)
        if name in last_events
        else read_now(name)
    )


def _arrival(event: JSON) -> ReceivedEvent:
    delay = 0.2 + crc32(event["id"].encode()) / 2**32 * LONGEST_DELAY
    at = event["created"] + delay
    return ReceivedEvent(event, EventSource.WEBHOOK, initial_state(event), at)
