"""Calculates the rows of customers anew whose sessions, lines or Stripe objects have changed.

What is calculated is read beside the writer, which only stores it: webhooks do not wait for that.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from billing.customers.records import (
    CustomerRecords,
    Owner,
    email_of,
    load_records,
    load_sessions,
    sessions_found_by,
    sessions_of_customers,
    sessions_of_guests,
)
from billing.customers.summary import summarize
from billing.domain.stripe_json import id_at
from billing.errors import BillingError
from billing.store import customers, stale_customers, stripe_objects
from billing.store.stripe_objects import as_email
from billing.timings import DEFAULT_TIMINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from billing.domain.customers.customer import Customer
    from billing.store import Connection, Store
    from billing.timings import Timings

BATCH_SIZE = 200  # names
PAUSE_SECONDS = 0.1  # between two of many batches: others need the processor, too


@dataclass(frozen=True)
class CustomerBatch:
    """Rows to store, the keys of rows to delete, the names that are then done, and the ``version``
    of the list that they were calculated for."""

    marked: dict[str, int]
    version: str | None
    rows: list[Customer]
    missing: set[str]


class CustomerRefresh:
    """Every method may be called concurrently, in several processes, too."""

    def __init__(
        self,
        store: Store,
        timings: Timings = DEFAULT_TIMINGS,
        *,
        is_busy: Callable[[], bool] = lambda: False,
    ) -> None:
        """``is_busy`` says whether events are to be processed first."""
        self._store = store
        self._timings = timings
        self._is_busy = is_busy
        self._lock = asyncio.Lock()

    async def run(self) -> None:
        """Follow what changes, until cancelled."""
        while True:
            pause = self._timings.customers_refresh_seconds
            with suppress(BillingError):  # the store logs its failures
                if await self.refresh_batch():
                    pause = PAUSE_SECONDS
            if self._is_busy():
                pause = self._timings.event_burst_seconds
            await asyncio.sleep(pause)

    async def catch_up(self) -> None:
        """Follow what has changed, for ``customers_wait_seconds`` at the most. Raises
        ``StoreFailure``."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._timings.customers_wait_seconds):
                while await self.refresh_batch():
                    pass

    async def refresh_batch(self) -> bool:
        """Calculate some customers anew. False where those were all that had changed when it began:
        what changes meanwhile waits for the next step. Raises ``StoreFailure``."""
        async with self._lock:
            batch = await self._store.read(calculate)
            if batch is None:
                return False
            stored = await self._store.write(partial(save, batch=batch))
            return len(batch.marked) >= BATCH_SIZE or not stored


def calculate(connection: Connection) -> CustomerBatch | None:
    """The rows of some customers that have changed; None where none have."""
    version: str | None = customers.version(connection)
    marked = stale_customers.first(connection, BATCH_SIZE)
    if not marked:
        return None
    own_ids, emails = _named_by(connection, marked)
    own = sessions_of_customers(connection, own_ids)
    objects = stripe_objects.load(connection, own_ids)
    email_now = {one: email_of(objects.get(one), own.get(one, ())) for one in own_ids}
    emails |= customers.previous_emails(connection, own_ids)
    emails |= {one for one in email_now.values() if one}
    # Whose the guest payments of an email are depends on who else has it.
    rivals = customers.with_emails(connection, emails, own_ids)
    others = {key for one in rivals.values() for key in one.keys}
    own |= sessions_of_customers(connection, others)
    objects |= stripe_objects.load(connection, others)
    email_now |= {one: email_of(objects.get(one), own.get(one, ())) for one in others}
    guests = sessions_of_guests(connection, emails)

    number = {email: one.number for email, one in rivals.items()}
    for one in own_ids:
        if (email := email_now[one]) and (own.get(one) or one in objects):
            number[email] = number.get(email, 0) + 1
    owners = [
        Owner(one, one, email if email and number.get(email) == 1 else None)
        for one, email in email_now.items()
    ]
    owners += [Owner(email, None, email) for email in emails if number.get(email) != 1]
    known = {
        key: records
        for key, records in load_records(connection, owners, own, guests).items()
        if _is_listed(records, key in email_now)
    }
    rows = [
        summarize(one.key, one.customer, email_now.get(one.key) or one.email, known[one.key])
        for one in owners
        if one.key in known
    ]
    return CustomerBatch(marked, version, rows, (own_ids | others | emails) - known.keys())


def _named_by(connection: Connection, names: Collection[str]) -> tuple[set[str], set[str]]:
    """The ids that may be Customers', and the emails, that the names stand for."""
    emails = {as_email(name) for name in names if "@" in name}
    others = {name for name in names if "@" not in name}
    found = [*load_sessions(connection, others), *sessions_found_by(connection, others)]
    given = (one.session.customer_email for one in found)
    owners = {customer for one in found if (customer := id_at(one.data, "customer"))}
    ids = {one for one in others | owners if "@" not in one}
    return ids, emails | {as_email(one) for one in given if one}


def _is_listed(records: CustomerRecords, is_customer: bool) -> bool:
    """A Customer is listed once anything is known of them, an email once Checkout was completed
    with it."""
    if is_customer:
        return not records.is_empty
    return any(one.session.status in ("complete", "") for one in records.sessions)


def save(connection: Connection, batch: CustomerBatch) -> bool:
    """Store the rows, unless they are outdated: another process was quicker, or a reset."""
    if customers.version(connection) != batch.version:
        return False
    if not stale_customers.are_marked(connection, batch.marked):
        return False
    customers.replace(connection, batch.rows, batch.missing)
    stale_customers.unmark(connection, batch.marked)
    customers.change_version(connection)
    return True
