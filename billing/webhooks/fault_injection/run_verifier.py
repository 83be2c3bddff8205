"""The verdict on a random run: every paid session is granted exactly once, and no other."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING

from billing.domain.events.event import EventState
from billing.domain.ledger.line import Cause, Origin
from billing.errors import BillingError
from billing.ledger.fulfillment import sale_of
from billing.store import events
from billing.store.ledger import lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from billing.ledger.reconciliation import Reconciliation
    from billing.session_reader import SessionReader
    from billing.store import Connection, Store
    from billing.stripe_api.gateway import StripeGateway
    from billing.timings import Timings

NOT_PROCESSED = (EventState.PENDING, EventState.FAILED)
SHOWN = 20  # problems
NO_PAYMENT = "No Checkout Session was paid during the run."


class RunVerifier:
    """Reads sessions from Stripe, and writes nothing."""

    def __init__(
        self,
        gateway: StripeGateway,
        reader: SessionReader,
        reconciliation: Reconciliation,
        store: Store,
        timings: Timings,
    ) -> None:
        self._gateway = gateway
        self._reader = reader
        self._reconciliation = reconciliation
        self._store = store
        self._patience = timings.fault_verdict_seconds
        self._pause = timings.fault_verdict_pause_seconds

    async def verify(
        self, sessions: Iterable[str], event_ids: Iterable[str], is_idle: Callable[[], bool]
    ) -> tuple[int, list[str]]:
        """How many of the sessions are paid, and what is wrong, in words: as soon as nothing is, or
        when that has lasted too long for what sweep and polling find by themselves."""
        deadline = time.monotonic() + self._patience
        left, paid, unprocessed = set(sessions), set[str](), sorted(event_ids)
        while True:
            problems = [] if is_idle() else ["Deliveries are still held, or to be taken again."]
            try:
                unprocessed, found = await self._unprocessed(unprocessed)
                problems += found
                for session_id in sorted(left) if not problems else ():
                    is_paid, wrong = await self._session(session_id)
                    paid |= {session_id} if is_paid else set()
                    problems += wrong
                    left -= set() if wrong else {session_id}
            except BillingError as failure:
                problems.append(f"{failure.message} {failure.next_step}".strip())
            if not problems or time.monotonic() > deadline:
                return len(paid), problems[:SHOWN] if problems or paid else [NO_PAYMENT]
            await asyncio.sleep(self._pause)

    async def _unprocessed(self, event_ids: list[str]) -> tuple[list[str], list[str]]:
        """The ids of the events that are recorded and not processed, and a sentence about each."""

        def read(connection: Connection) -> list[tuple[str, str]]:
            found = (events.get(connection, event_id) for event_id in event_ids)
            return [
                (one.id, f"{one.type} {one.id} is {one.state}. {one.error or ''}".strip())
                for one in found
                if one and one.state in NOT_PROCESSED
            ]

        found = await self._store.read(read)
        return [event_id for event_id, _ in found], [text for _, text in found]

    async def _session(self, session_id: str) -> tuple[bool, list[str]]:
        """Whether the session is paid, and what is wrong with what it gave."""
        await self._gateway.acquire()
        reading = await self._reader.retrieve(session_id)
        if reading.unclear:
            raise reading.unclear
        sale = sale_of(reading, Origin.RECONCILIATION, time.time())
        known = await self._store.read(partial(lines.of_sessions, session_ids=[session_id]))
        grants = [line for line in known if line.cause is Cause.PURCHASE]
        if sale is None:
            wrong = [f"{session_id} sold nothing, and has {len(known)} lines in the ledger."]
            return False, wrong if known else []
        if len(grants) != 1:
            return True, [f"{session_id} is paid, and has {len(grants)} grants."]
        if grants[0].quantity != reading.bought:
            return True, [f"{session_id}: {grants[0].quantity} granted, {reading.bought} bought."]
        return True, [f"{one}." for one in await self._reconciliation.compare([sale])]
