"""Processes recorded events: soon after they arrive, and again after a failure or a crash.

An event only says what to look at; that is read from Stripe. So events may come late, twice and in
any order: https://docs.stripe.com/webhooks#behaviors
A declined payment is the exception: no session tells of it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import aclosing, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from billing.domain.events.event import EventState, Subject, subject_of
from billing.errors import BillingError, StripeFailure
from billing.ledger.fulfillment import LIST_THRESHOLD
from billing.outages import Outage
from billing.store import events, leases, sessions
from billing.store.events import DueEvent, ProcessingResult
from billing.timings import DEFAULT_TIMINGS
from billing.tracing import span
from billing.webhooks.backlog import BURST_WINDOW, Backlog, Batch, Waiting, event_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from billing.ledger.after_sale import AfterSale
    from billing.ledger.fulfillment import Fulfillment
    from billing.store import Connection, Store
    from billing.timings import Timings
    from billing.webhooks.own_account import OwnAccount

log = logging.getLogger(__name__)

CONCURRENT = 8  # batches, and of what is read one by one
SWEEP_LIMIT = 500
LEASE = "sweep"


def initial_state(event: dict[str, Any]) -> EventState:
    """The state an event is recorded in: ``pending`` when it will be handled. Of live mode,
    which a test key cannot see, nothing is."""
    is_handled = subject_of(event) is not None and not event.get("livemode")
    return EventState.PENDING if is_handled else EventState.IGNORED


class EventProcessor:
    """Reads from Stripe what events say to look at, and keeps the ledger. ``run`` it as long as
    the server runs."""

    def __init__(
        self,
        store: Store,
        fulfillment: Fulfillment,
        after_sale: AfterSale,
        own_account: OwnAccount,
        timings: Timings = DEFAULT_TIMINGS,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._fulfillment = fulfillment
        self._after_sale = after_sale
        self._own_account = own_account
        self._retries = timings.event_retries
        self._sweep_seconds = timings.event_sweep_seconds
        self._clock = clock
        self._lease = leases.Lease(LEASE, 3 * self._sweep_seconds)
        self._burst_seconds = timings.event_burst_seconds
        self._backlog = Backlog(self._burst_seconds)
        self._slots = asyncio.Semaphore(CONCURRENT)
        self._single_slots = asyncio.Semaphore(CONCURRENT)
        self._outage = Outage(log, "Event processing")

    def enqueue(self, due: Iterable[DueEvent]) -> None:
        """Process these recorded events soon; those about one thing together."""
        self._backlog.add(due)

    @property
    def is_busy(self) -> bool:
        """Whether events arrive in great number, wait or are being processed: what can wait longer
        does."""
        return not self._backlog.is_idle

    async def wait_until_idle(self) -> None:
        """Let events go first, for ``event_burst_seconds`` at the most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._burst_seconds):
                while self.is_busy:  # noqa: ASYNC110 - it ends with time, which sets no event
                    await asyncio.sleep(BURST_WINDOW)

    def has(self, event_id: str) -> bool:
        """Whether this process is about to process the event."""
        return event_id in self._backlog

    async def replay(self, ids: Iterable[str] | None = None) -> int:
        """Process events again: those named, or all that failed. Returns how many."""
        again = await self._store.write(lambda connection: events.mark_for_replay(connection, ids))
        self.enqueue(again)
        return len(again)

    async def retry_now(self) -> None:
        """Make every event that waits for a retry due now: the cause is over. Raises
        ``StoreFailure``."""
        await self._store.write(events.mark_for_retry)

    async def run(self) -> None:
        """Process what is enqueued and what the sweep finds, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._sweep())
            while True:
                left = await self._backlog.ready()
                while left > 0 and self._backlog:
                    await self._slots.acquire()
                    batch = self._backlog.take()
                    left -= len(batch)
                    handling = group.create_task(self._handle_batch(batch))
                    if self._backlog.is_burst:
                        await handling  # one at a time: acknowledging goes first

    async def _sweep(self) -> None:
        while True:
            try:
                self.enqueue(await self._store.write(self._due_events))
            except BillingError:
                pass  # the store has logged it
            except Exception:
                log.exception("Looking for unprocessed events failed")
            await asyncio.sleep(self._sweep_seconds)

    def _due_events(self, connection: Connection) -> list[DueEvent]:
        """Due events, if this process holds the lease; otherwise none."""
        if not self._lease.acquire(connection):
            return []
        return events.due(connection, self._clock(), self._retries, SWEEP_LIMIT)

    async def _handle_batch(self, batch: Batch) -> None:
        ids = event_ids(batch.values())
        try:
            with span("EventProcessor.handle", {"events": len(ids)}):
                await self._handle_all(batch)
        except Exception as failure:
            # The events stay as they are in the store, and the sweep finds them there.
            if not isinstance(failure, BillingError):
                log.exception("%s events are not processed yet", len(ids))
            elif not failure.is_temporary:
                log.warning("%s events are not processed yet: %s", len(ids), failure.message)
        finally:
            self._backlog.done(ids)
            self._slots.release()

    async def _handle_all(self, batch: Batch) -> None:
        await self._ignore_other_accounts(batch)
        await self._read_objects(batch)
        await self._handle_declines(batch)
        found = {
            name: waiting
            for (subject, name), waiting in batch.items()
            if subject is Subject.SESSION
        }
        listed = await self._handle_listed(found) if len(found) >= LIST_THRESHOLD else set()
        alone = [
            self._handle(subject, name, set(waiting.events))
            for (subject, name), waiting in batch.items()
            if subject is not Subject.SESSION or name not in listed
        ]
        for failure in await asyncio.gather(*alone, return_exceptions=True):
            if failure is not None:
                raise failure

    async def _ignore_other_accounts(self, batch: Batch) -> None:
        """Mark events of other accounts as ignored, and take them out of ``batch``: the key cannot
        read what they are about."""
        named = [e for waiting in batch.values() for e in waiting.events.values() if e.accounts]
        foreign: set[str] = set()
        try:
            for event in named:
                if await self._own_account.is_another_account(event.accounts):
                    foreign.add(event.id)
        except StripeFailure as failure:  # which account is ours is still to be learned
            foreign = {event.id for event in named}
            await self._mark_processed(foreign, failure)
        else:
            if foreign:
                outcome = ProcessingResult(foreign, EventState.IGNORED, self._clock())
                await self._store.write_each(events.mark_processed, outcome)
        for key, waiting in list(batch.items()):
            for name in foreign & waiting.events.keys():
                del waiting.events[name]
            if not waiting.events:
                del batch[key]

    async def _read_objects(self, batch: Batch) -> None:
        """Put into ``batch``, in the place of objects that thin events name, what these say to look
        at."""
        paths = [path for subject, path in batch if subject is Subject.OBJECT]
        named = [batch.pop((Subject.OBJECT, path)) for path in paths]
        await asyncio.gather(*map(partial(self._read_object, batch), paths, named))

    async def _read_object(self, batch: Batch, path: str, waiting: Waiting) -> None:
        ids = set(waiting.events)
        async with self._single_slots:
            try:
                due = await self._after_sale.read_object(path, ids)
            except Exception as error:  # noqa: BLE001 - what nobody foresaw must not stop the others
                await self._mark_processed(ids, error)
                return
        for event in due:
            key = (event.subject, event.subject_id)
            batch.setdefault(key, Waiting(event.created)).events[event.id] = event
        if rest := ids - {event.id for event in due}:
            ignored = ProcessingResult(rest, EventState.IGNORED, self._clock())
            await self._store.write_each(events.mark_processed, ignored)

    async def _handle_declines(self, batch: Batch) -> None:
        """Store the declines of payments with their sessions, and take them out of ``batch``: there
        is nothing to read from Stripe, which names no session of theirs."""
        declines = [key for key in batch if key[0] is Subject.DECLINE]
        if not declines:
            return
        payments = [name for _, name in declines]
        await self._store.write(partial(sessions.record_declined_payments, payments=payments))
        await self._mark_processed(event_ids(batch.pop(key) for key in declines))

    async def _handle_listed(self, due: dict[str, Waiting]) -> set[str]:
        """Process sessions, by their ids, by Stripe's list; returns the ids that are done."""
        created = {name: waiting.created for name, waiting in due.items() if waiting.created}
        origins = {name: min(waiting.events) for name, waiting in due.items()}
        done: set[str] = set()
        try:
            async with aclosing(self._fulfillment.grant_listed(created, origins)) as pages:
                async for page in pages:
                    await self._mark_processed(event_ids(due[name] for name in page))
                    done |= page
        except StripeFailure as error:
            if not error.is_final:  # to ask for each alone would make it worse
                left = event_ids(due[name] for name in due.keys() - done)
                await self._mark_processed(left, error)
                done = set(due)
        except BillingError:
            raise
        except Exception:
            log.exception("Sessions could not be processed as a batch; processing them one by one")
        return done

    async def _handle(self, subject: Subject, name: str, ids: set[str]) -> None:
        failure: Exception | None = None
        async with self._single_slots:
            try:
                await self._refresh(subject, name, origin=min(ids))
            except Exception as error:  # noqa: BLE001 - what nobody foresaw must not stop the others
                failure = error
            await self._mark_processed(ids, failure)

    async def _refresh(self, subject: Subject, name: str, origin: str) -> None:
        match subject:
            case Subject.PAYMENT:
                await self._after_sale.refresh_payment(name, origin)
            case Subject.SUBSCRIPTION:
                await self._after_sale.refresh_subscription(name, origin)
            case Subject.CUSTOMER:
                await self._after_sale.refresh_customer(name)
            case _:
                await self._fulfillment.refresh_and_grant(name, origin, rate_limited=True)

    async def _mark_processed(self, ids: set[str], failure: Exception | None = None) -> None:
        now = self._clock()
        if failure:
            is_final = not isinstance(failure, BillingError) or failure.is_final
            retries = None if is_final else self._retries
            outcome = ProcessingResult(
                ids,
                EventState.FAILED,
                now,
                self._describe_failure(ids, failure),
                retries,
            )
        else:
            outcome = ProcessingResult(ids, EventState.HANDLED, now)
            self._outage.succeeded()
        await self._store.write_each(events.mark_processed, outcome)

    def _describe_failure(self, ids: set[str], failure: Exception) -> str:
        """The failure in words, once it is in the log."""
        named = ", ".join(sorted(ids))
        if not isinstance(failure, BillingError):
            log.error("Events %s failed", named, exc_info=failure)
            return f"{type(failure).__name__}: see the server's log."
        if failure.is_final:
            log.warning("Events %s failed: %s", named, failure.message)
        elif not failure.is_temporary:
            self._outage.failed(f"Events will be retried later: {failure.message}")
        return f"{failure.message} {failure.next_step}"
