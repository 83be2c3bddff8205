"""Keeps our copy of Stripe's sessions up to date.

A backfill fills it once. Then webhooks say what changed, and Stripe's newest events and sessions
are polled: two requests a step, however long the history is.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from billing.errors import BillingError, StoreFailure, StripeFailure
from billing.ledger.fulfillment import SyncBatch, upsert_and_grant
from billing.outages import Outage
from billing.store import leases
from billing.sync import checkpoint
from billing.sync.backfill import Backfill
from billing.sync.event_poller import NO_EVENTS, EventPoller, save_cursor
from billing.sync.list_poller import ListPoller
from billing.sync.stale_sessions import StaleSessions
from billing.timings import DEFAULT_TIMINGS
from billing.tracing import span

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from billing.ledger.account import AccountReader
    from billing.ledger.after_sale import AfterSale
    from billing.ledger.fulfillment import Fulfillment
    from billing.store import Connection, Store
    from billing.stripe_api.gateway import StripeGateway
    from billing.stripe_api.requests import Page
    from billing.timings import Timings
    from billing.webhooks.own_account import OwnAccount
    from billing.webhooks.processor import EventProcessor

log = logging.getLogger(__name__)

LEASE = "mirror"
RELEASE_SECONDS = 1.0
FAILURE = ("failure", "next_step", "request_id", "failure_is_temporary")

JSON = dict[str, Any]


class SyncWorker:
    """Syncs with Stripe. ``run`` it as long as the server runs; of several processes the one that
    holds the lease reads, and another takes over when it ends."""

    def __init__(
        self,
        gateway: StripeGateway,
        store: Store,
        fulfillment: Fulfillment,
        account_reader: AccountReader,
        after_sale: AfterSale,
        event_processor: EventProcessor,
        own_account: OwnAccount,
        *,
        embedded: bool = False,
        timings: Timings = DEFAULT_TIMINGS,
    ) -> None:
        """``embedded``: the Stripe at the other end is the embedded sandbox."""
        self._gateway = gateway
        self._store = store
        self._fulfillment = fulfillment
        self._account_reader = account_reader
        self._after_sale = after_sale
        self._event_processor = event_processor
        self._own_account = own_account
        self._embedded = embedded
        self._timings = timings
        lease_seconds = max(timings.sync_lease_seconds, 3 * timings.sync_step_seconds)
        self._lease = leases.Lease(LEASE, lease_seconds)
        self._wake = asyncio.Event()
        self._step = asyncio.Lock()
        self._read_passed_at = 0.0  # by the monotonic clock
        self._was_failing = True  # events that failed meanwhile are retried once Stripe answers
        self._events = EventPoller(gateway, store, event_processor, timings)
        self._sessions = ListPoller(gateway.list_checkout_sessions)
        self._stale_sessions = StaleSessions(store, fulfillment)
        self._outage = Outage(log, "Synchronization with Stripe")

    async def restart_backfill(self) -> None:
        """Read the whole history again, beginning now: Stripe's was reset or extended."""
        await self._store.write(checkpoint.restart)
        self._events.poll_soon()
        self._wake.set()

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """No step is taken in this process within the block, which waits for the one under way."""
        async with self._step:
            yield

    async def run(self) -> None:
        """Fill the copy, then keep it up to date, until cancelled."""
        try:
            while True:
                try:
                    async with self._step:
                        is_leader = await self._acquire_lease()
                        if is_leader:
                            with span("SyncWorker.sync"):
                                await self._sync_once()
                    if is_leader:
                        self._outage.succeeded()
                        if self._was_failing:
                            await self._event_processor.retry_now()
                            self._was_failing = False
                except* Exception as failures:  # noqa: BLE001 - it goes on, whatever happens
                    self._was_failing = True
                    await self._record_failure(_first_failure(failures))
                await self._pause()
        finally:
            await self._release_lease()

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._timings.sync_step_seconds):
                await self._wake.wait()
        await self._event_processor.wait_until_idle()
        self._wake.clear()

    async def _acquire_lease(self) -> bool:
        return await self._store.write(self._lease.acquire)

    async def _release_lease(self) -> None:
        with suppress(BillingError, TimeoutError):  # else the lease runs out by itself
            async with asyncio.timeout(RELEASE_SECONDS):
                await self._store.write(self._lease.release)

    async def _sync_once(self) -> None:
        saved, started = await self._store.read(
            lambda connection: (checkpoint.load(connection), leases.now(connection))
        )
        async with asyncio.TaskGroup() as group:
            account = group.create_task(self._check_account(saved))
            start = group.create_task(self._start_cursors(saved))
        saved |= account.result() | start.result()
        if not saved.get("complete"):
            saved = await self._backfill(saved)
        if not saved.get("caught_up"):
            saved = await self._catch_up(saved)
        try:
            await self._events.poll(saved)
            await self._poll_sessions(saved)
            await self._stale_sessions.refresh(without_events=NO_EVENTS[0] in saved)
            if time.monotonic() >= self._read_passed_at:
                await self._after_sale.refresh_passed(max(time.time(), self._events.stripe_time))
                self._read_passed_at = time.monotonic() + self._timings.passed_periods_seconds
        except StripeFailure as failure:
            if not failure.is_missing:
                raise
            # What the cursor names is gone: events are kept for 30 days, a sandbox can be reset.
            self._outage.failed("The position in Stripe's lists is lost: reading it all again.")
            saved = checkpoint.pick(saved, "account", "again")
            self._wake.set()
        in_order = {name: value for name, value in saved.items() if name not in FAILURE}
        await self._save(in_order | {"as_of": started})

    async def _check_account(self, saved: JSON) -> JSON:
        """The ``account`` of the checkpoint. Raises ``BillingError`` when the database holds the
        sessions of another one."""
        account = await self._own_account.id() or saved.get("account", "")
        checkpoint.check_account(saved, account, embedded=self._embedded)
        return {"account": account}

    async def _start_cursors(self, saved: JSON) -> JSON:
        """The cursors before the first page of a backfill is read: what happens from then on is
        polled afterwards, so nothing is missed. Empty when a backfill has begun."""
        if saved.get("complete") or "left" in saved:
            return {}
        start: JSON = {"left": [], "read": 0}
        async with asyncio.TaskGroup() as group:
            newest_session = group.create_task(self._gateway.list_checkout_sessions(limit=1))
            newest_event = group.create_task(self._events.newest())
        start |= newest_event.result()
        if found := newest_session.result().data:
            start["newest_created"] = found[0]["created"]
        return start

    async def _backfill(self, saved: JSON) -> JSON:
        await self._save(saved)
        log.info("Reading the history of Checkout Sessions from Stripe ...")

        async def save(page: Page, unread: list[JSON]) -> None:
            await self._event_processor.wait_until_idle()
            ready = await self._fulfillment.prepare(page)
            saved["read"] += len(page.data)  # and written at once, so that it only grows
            newest = max(page.data, key=lambda session: session["created"], default=None)
            if newest and newest["created"] >= saved.get("newest_created", 0):
                saved.update(session=newest["id"], newest_created=newest["created"])
            snapshot = saved | {"left": unread, "complete": not unread}
            await self._store.write_each(self._upsert_pages, (ready, snapshot))

        backfill = Backfill(self._gateway.list_checkout_sessions, save)
        # Stripe's newest may lie ahead of our clock: one of the two is wrong, or a sandbox's moved.
        until = max(int(time.time()), saved.get("newest_created", 0)) + 60
        await backfill.run(saved["left"], until)
        log.info("The history is complete: %s sessions read.", saved["read"])
        return saved | {"left": [], "complete": True}

    async def _catch_up(self, saved: JSON) -> JSON:
        """Read what became of the sales of the history."""
        reading = await self._account_reader.catch_up()
        for refusal in reading.forbidden:
            log.warning("What became of sales is not all read: %s", refusal)
        saved |= {"caught_up": True}
        await self._save(saved)
        return saved

    def _upsert_pages(
        self, connection: Connection, pages: Sequence[tuple[list[SyncBatch], JSON]]
    ) -> list[None]:
        """Store pages of sessions in the order they were read, and the last checkpoint."""
        upsert_and_grant(connection, [batch for ready, _ in pages for batch in ready])
        checkpoint.save(connection, pages[-1][1])
        self._lease.acquire(connection)
        return [None] * len(pages)

    async def _poll_sessions(self, saved: JSON) -> None:
        """Store new sessions that were created elsewhere: Stripe sends no event for those."""
        async for page in self._sessions.pages(saved.get("session")):
            await self._fulfillment.upsert_and_grant(page)
        save_cursor(saved, "session", self._sessions)

    async def _save(self, saved: JSON) -> None:
        await self._store.write(lambda connection: checkpoint.save(connection, saved))

    async def _record_failure(self, error: Exception) -> None:
        if not isinstance(error, BillingError):
            log.error("Synchronization with Stripe failed", exc_info=error)
            failure = BillingError(f"{type(error).__name__}: see the server's log.")
        else:
            failure = error
            if not isinstance(error, StripeFailure | StoreFailure):  # those are logged already
                self._outage.failed(
                    f"Synchronization with Stripe failed: {error} {error.next_step}"
                )
        request_id = getattr(failure, "request_id", None)
        values = (failure.message, failure.next_step, request_id, failure.is_temporary)
        fields = dict(zip(FAILURE, values, strict=True))
        with suppress(StoreFailure):
            await self._store.write(partial(checkpoint.record_failure, failure=fields))


def _first_failure(failures: ExceptionGroup[Exception]) -> Exception:
    first = failures.exceptions[0]
    return _first_failure(first) if isinstance(first, ExceptionGroup) else first
