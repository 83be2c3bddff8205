"""Processes recorded events: soon after they arrive, and again after a failure or a crash.

An event only says what to look at; that is read from Stripe. So events may come late, twice and in
any order: https://docs.stripe.com/webhooks#behaviors
A declined payment is the exception: no session tells of it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, field
from functools import partial
from heapq import nsmallest
from typing import TYPE_CHECKING, Any

from billing.domain.event import EventState, Subject, subject_id
from billing.errors import BillingError, StripeFailure
from billing.ledger.fulfillment import LIST_THRESHOLD
from billing.outages import Outage
from billing.store import events, leases, sessions
from billing.store.events import DueEvent, ProcessingResult
from billing.stripe_api.gateway import PAGE_SIZE
from billing.timings import DEFAULT_TIMINGS
from billing.tracing import span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from billing.ledger.after_sale import AfterSale
    from billing.ledger.fulfillment import Fulfillment
    from billing.store import Connection, Store
    from billing.timings import Timings
    from billing.webhooks.own_account import OwnAccount

log = logging.getLogger(__name__)

CONCURRENT_BATCHES = 8
SWEEP_LIMIT = 500
LEASE = "sweep"


def initial_state(event: dict[str, Any]) -> EventState:
    """The state an event is recorded in: ``pending`` when it will be handled. Of live mode,
    which a test key cannot see, nothing is."""
    is_handled = subject_id(event) is not None and not event.get("livemode")
    return EventState.PENDING if is_handled else EventState.IGNORED


Key = tuple[Subject, str]  # what to look at, and its id


@dataclass(slots=True)
class _Waiting:
    """The events that say to look at one thing, and when that was created."""

    created: int
    events: dict[str, DueEvent] = field(default_factory=dict)


Due = dict[Key, _Waiting]


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
        self._due: Due = {}
        self._in_progress: set[str] = set()  # events that are being handled
        self._something_due = asyncio.Event()
        self._slots = asyncio.Semaphore(CONCURRENT_BATCHES)
        self._outage = Outage(log, "Event processing")

    def enqueue(self, due: Iterable[DueEvent]) -> None:
        """Process these recorded events soon; those about one thing together."""
        for event in due:
            if event.id not in self._in_progress:  # a slow Stripe is not asked again meanwhile
                key = (event.subject, event.subject_id)
                waiting = self._due.setdefault(key, _Waiting(event.created))
                waiting.events[event.id] = event
        self._something_due.set()

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
                await self._something_due.wait()
                self._something_due.clear()
                while self._due:
                    await self._slots.acquire()
                    group.create_task(self._handle_batch(self._take_batch()))

    def _take_batch(self) -> Due:
        """The oldest, as many as a page of Stripe's list holds."""
        oldest = nsmallest(PAGE_SIZE, self._due, key=lambda key: self._due[key].created)
        taken = {key: self._due.pop(key) for key in oldest}
        self._in_progress |= _event_ids(taken.values())
        return taken

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

    async def _handle_batch(self, due: Due) -> None:
        event_ids = _event_ids(due.values())
        try:
            with span("EventProcessor.handle", {"events": len(event_ids)}):
                await self._handle_all(due)
        except Exception as failure:
            # The events stay as they are in the store, and the sweep finds them there.
            if not isinstance(failure, BillingError):
                log.exception("%s events are not processed yet", len(event_ids))
            elif not failure.is_temporary:
                log.warning("%s events are not processed yet: %s", len(event_ids), failure.message)
        finally:
            self._in_progress -= event_ids
            self._slots.release()

    async def _handle_all(self, due: Due) -> None:
        await self._ignore_other_accounts(due)
        await self._handle_declines(due)
        found = {name: waiting for (kind, name), waiting in due.items() if kind is Subject.SESSION}
        listed = await self._handle_listed(found) if len(found) >= LIST_THRESHOLD else set()
        for (subject, name), waiting in due.items():
            if subject is not Subject.SESSION or name not in listed:
                await self._handle(subject, name, set(waiting.events))

    async def _ignore_other_accounts(self, due: Due) -> None:
        """Mark events of other accounts as ignored, and take them out of ``due``: the key cannot
        read what they are about."""
        named = [e for waiting in due.values() for e in waiting.events.values() if e.accounts]
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
        for key, waiting in list(due.items()):
            for name in foreign & waiting.events.keys():
                del waiting.events[name]
            if not waiting.events:
                del due[key]

    async def _handle_declines(self, due: Due) -> None:
        """Store the declines of payments with their sessions, and take them out of ``due``: there
        is nothing to read from Stripe, which names no session of theirs."""
        declines = [key for key in due if key[0] is Subject.DECLINE]
        if not declines:
            return
        payments = [name for _, name in declines]
        await self._store.write(partial(sessions.record_declined_payments, payments=payments))
        await self._mark_processed(_event_ids(due.pop(key) for key in declines))

    async def _handle_listed(self, due: dict[str, _Waiting]) -> set[str]:
        """Process sessions, by their ids, by Stripe's list; returns the ids that are done."""
        created = [waiting.created for waiting in due.values() if waiting.created]
        if not created:
            return set()
        origins = {session_id: min(waiting.events) for session_id, waiting in due.items()}
        failure: StripeFailure | None = None
        try:
            listed = await self._fulfillment.refresh_and_grant_listed(
                origins, min(created), max(created)
            )
        except StripeFailure as error:
            if error.is_final:
                return set()
            listed, failure = set(due), error  # to ask for each alone would make it worse
        except BillingError:
            raise
        except Exception:
            log.exception("Sessions could not be processed as a batch; processing them one by one")
            return set()
        await self._mark_processed(_event_ids(due[name] for name in listed), failure)
        return listed

    async def _handle(self, subject: Subject, name: str, event_ids: set[str]) -> None:
        failure: Exception | None = None
        try:
            await self._refresh(subject, name, origin=min(event_ids))
        except Exception as error:  # noqa: BLE001 - what nobody foresaw must not stop the others
            failure = error
        await self._mark_processed(event_ids, failure)

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

    async def _mark_processed(self, event_ids: set[str], failure: Exception | None = None) -> None:
        now = self._clock()
        if failure:
            is_final = not isinstance(failure, BillingError) or failure.is_final
            retries = None if is_final else self._retries
            outcome = ProcessingResult(
                event_ids,
                EventState.FAILED,
                now,
                self._describe_failure(event_ids, failure),
                retries,
            )
        else:
            outcome = ProcessingResult(event_ids, EventState.HANDLED, now)
            self._outage.succeeded()
        await self._store.write_each(events.mark_processed, outcome)

    def _describe_failure(self, event_ids: set[str], failure: Exception) -> str:
        """The failure in words, once it is in the log."""
        named = ", ".join(sorted(event_ids))
        if not isinstance(failure, BillingError):
            log.error("Events %s failed", named, exc_info=failure)
            return f"{type(failure).__name__}: see the server's log."
        if failure.is_final:
            log.warning("Events %s failed: %s", named, failure.message)
        elif not failure.is_temporary:
            self._outage.failed(f"Events will be retried later: {failure.message}")
        return f"{failure.message} {failure.next_step}"


def _event_ids(waiting: Iterable[_Waiting]) -> set[str]:
    return set().union(*(one.events for one in waiting))
