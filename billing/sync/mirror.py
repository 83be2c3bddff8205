"""Our copy of the Checkout Sessions: what pages read instead of waiting for Stripe.

The sync worker keeps it up to date; a session that was created here is in it at once.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from contextvars import Context
from functools import partial
from typing import TYPE_CHECKING, Any

from billing.access.caller import requires
from billing.domain.access import Permission
from billing.domain.sessions.checkout_session import CheckoutSession
from billing.domain.sessions.page import RecentSessions
from billing.domain.sync_state import SyncState
from billing.errors import BillingError, RecordRefused
from billing.store import leases, sessions
from billing.store.sessions import SessionRows
from billing.sync import checkpoint
from billing.timings import DEFAULT_TIMINGS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from billing.store import Connection, Store
    from billing.timings import Timings

log = logging.getLogger(__name__)

JSON = dict[str, Any]


class Mirror:
    """Reads from our copy. An answer includes every session that was created here before, unless
    storing it takes longer than ``mirror_wait_seconds``. Raises ``StoreFailure`` when the copy
    cannot be read."""

    def __init__(self, store: Store, timings: Timings = DEFAULT_TIMINGS) -> None:
        self._store = store
        self._timings = timings
        self._unsaved: list[SessionRows] = []
        self._flushing: asyncio.Task[None] | None = None
        self._writing: asyncio.Task[None] | None = None

    def enqueue(self, data: JSON, request_id: str | None = None) -> CheckoutSession:
        """Store a session (Stripe's object) that was just created here, soon, in one transaction
        with others; returns what is read of it. ``request_id`` is Stripe's, of the request that
        created it."""
        session = CheckoutSession.from_stripe(data)
        try:
            # Here, a little at a time: a thread that made the rows of many at once would hold
            # Python's lock meanwhile, and every answer would wait for it.
            rows = SessionRows.of_created(session, data, request_id)
        except Exception:
            log.exception("Session %s cannot be stored", session.id)
            return session
        self._unsaved.append(rows)
        if self._flushing is None or self._flushing.done():
            # It stores what other requests created as well, so it belongs to none.
            self._flushing = asyncio.create_task(self._flush_all(), context=Context())
        return session

    async def apply_backpressure(self) -> None:
        """Wait while more than ``mirror_max_unsaved`` sessions are not stored yet."""
        if len(self._unsaved) > self._timings.mirror_max_unsaved:
            await self.wait_until_stored()

    @requires(Permission.VIEW)
    async def recent(self, limit: int) -> RecentSessions:
        """The newest sessions."""
        await self.wait_until_stored()

        def ask(connection: Connection) -> RecentSessions:
            return RecentSessions(
                tuple(sessions.recent(connection, limit)), read_sync_state(connection)
            )

        return await self._store.read(ask)

    async def state(self) -> SyncState:
        """How far our copy goes."""
        await self.wait_until_stored()
        return await self._store.read(read_sync_state)

    @requires(Permission.VIEW)
    async def session(self, session_id: str) -> CheckoutSession | None:
        """One session, or None."""
        await self.wait_until_stored()
        return await self._store.read(lambda connection: sessions.get(connection, session_id))

    @requires(Permission.VIEW)
    async def session_by_reference(self, reference: str) -> CheckoutSession | None:
        """The newest session with this ``client_reference_id``, or None."""
        await self.wait_until_stored()
        return await self._store.read(
            lambda connection: sessions.by_reference(connection, reference)
        )

    async def aclose(self) -> None:
        """Store what is not stored yet."""
        if self._flushing is not None:
            self._flushing.cancel()
        with suppress(BillingError):
            await self._flush()

    async def wait_until_stored(self) -> None:
        """Wait until every enqueued session is stored, for ``mirror_wait_seconds`` at the most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._timings.mirror_wait_seconds):
                await self._flush()

    async def _flush_all(self) -> None:
        """Write until nothing is left, what was enqueued during a write included."""
        wait = self._timings.mirror_flush_seconds
        while self._unsaved:
            await asyncio.sleep(wait)
            try:
                await self._flush()
            except BillingError:
                wait = self._timings.mirror_retry_seconds
            else:
                # At once where many came meanwhile, before those who create them have to wait.
                many = len(self._unsaved) > self._timings.mirror_max_unsaved // 4
                wait = 0.0 if many else self._timings.mirror_flush_seconds

    async def _flush(self) -> None:
        if self._writing is not None:
            await asyncio.shield(self._writing)  # it began before, perhaps without the newest
        if self._writing is None and self._unsaved:
            self._writing = asyncio.create_task(self._write_unsaved())
        if self._writing is not None:
            await asyncio.shield(self._writing)

    async def _write_unsaved(self) -> None:
        new, self._unsaved = self._unsaved, []
        try:
            await self._write(new)
        except BillingError:
            self._unsaved = new + self._unsaved
            raise
        finally:
            self._writing = None

    async def _write(self, new: Sequence[SessionRows]) -> None:
        try:
            await self._store.write(partial(sessions.upsert_sessions, batches=new))
        except Exception as error:
            if isinstance(error, BillingError) and not isinstance(error, RecordRefused):
                raise
            await self._write_singly(new, error)  # so that one bad session does not cost the others

    async def _write_singly(self, new: Sequence[SessionRows], error: Exception) -> None:
        if len(new) > 1:
            for one in new:
                await self._write([one])
        else:
            ids = " ".join(row["id"] for row in new[0].sessions)
            log.error("Session %s cannot be stored", ids, exc_info=error)


def read_sync_state(connection: Connection) -> SyncState:
    """How up to date the stored sessions are."""
    saved = checkpoint.load(connection)
    as_of = saved.get("as_of", 0.0)
    return SyncState(
        as_of=as_of,
        age=leases.now(connection) - as_of if as_of else None,
        complete=saved.get("complete", False),
        read=saved.get("read", 0),
        failure=saved.get("failure"),
        next_step=saved.get("next_step", ""),
        request_id=saved.get("request_id"),
        no_events=saved.get("no_events"),
        no_events_next_step=saved.get("no_events_next_step", ""),
        failure_is_temporary=saved.get("failure_is_temporary", False),
    )
