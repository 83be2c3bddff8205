"""Our copy of the Checkout Sessions: what pages read instead of waiting for Stripe.

The follower keeps it in step with Stripe; what is made here is in it at once.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from billing.domain.checkout_session import CheckoutSession
from billing.domain.session_page import RecentSessions
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
Made = tuple[JSON, str | None]  # a session, and the id of the request that made it


class Mirror:
    """Answers from our copy. An answer holds what was made here before it was asked for, unless
    that takes longer than ``mirror_wait_seconds`` to store; it raises ``StoreFailure`` when the
    copy cannot be read."""

    def __init__(self, store: Store, timings: Timings = DEFAULT_TIMINGS) -> None:
        self._store = store
        self._timings = timings
        self._made: list[Made] = []
        self._flushing: asyncio.Task[None] | None = None
        self._writing: asyncio.Task[None] | None = None

    def upsert_soon(self, session: JSON, request_id: str | None = None) -> None:
        """Keep a session that was just made here, shortly after the answer has gone out."""
        self._made.append((session, request_id))
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._flush_all())

    async def apply_backpressure(self) -> None:
        """Wait a moment when more is made than is stored meanwhile: memory is not without end."""
        if len(self._made) > self._timings.mirror_max_unsaved:
            await self.catch_up()

    async def recent(self, limit: int) -> RecentSessions:
        """The newest sessions."""
        await self.catch_up()

        def ask(connection: Connection) -> RecentSessions:
            return RecentSessions(
                tuple(sessions.recent(connection, limit)), read_sync_state(connection)
            )

        return await self._store.read(ask)

    async def state(self) -> SyncState:
        """How far our copy goes."""
        await self.catch_up()
        return await self._store.read(read_sync_state)

    async def session(self, session_id: str) -> CheckoutSession | None:
        """One session, or None."""
        await self.catch_up()
        return await self._store.read(lambda connection: sessions.get(connection, session_id))

    async def aclose(self) -> None:
        """Keep what was just made."""
        if self._flushing is not None:
            self._flushing.cancel()
        with suppress(BillingError):
            await self._flush()

    async def catch_up(self) -> None:
        """Wait until what was just made is stored, for ``mirror_wait_seconds`` at the most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._timings.mirror_wait_seconds):
                await self._flush()

    async def _flush_all(self) -> None:
        """Ends when nothing waits any more, what came during the last write included."""
        wait = self._timings.mirror_flush_seconds
        while self._made:
            await asyncio.sleep(wait)
            try:
                await self._flush()
                wait = self._timings.mirror_flush_seconds
            except BillingError:
                wait = self._timings.mirror_retry_seconds

    async def _flush(self) -> None:
        if self._writing is not None:
            await asyncio.shield(self._writing)  # it began before, perhaps without the newest
        if self._writing is None and self._made:
            self._writing = asyncio.create_task(self._write_made())
        if self._writing is not None:
            await asyncio.shield(self._writing)

    async def _write_made(self) -> None:
        made, self._made = self._made, []
        try:
            await self._write(made)
        except BillingError:
            self._made = made + self._made
            raise
        finally:
            self._writing = None

    async def _write(self, made: Sequence[Made]) -> None:
        try:
            await self._store.write(partial(_upsert_made, made=made))
        except Exception as error:
            if isinstance(error, BillingError) and not isinstance(error, RecordRefused):
                raise
            await self._write_singly(made, error)  # one of them, which must not cost the others

    async def _write_singly(self, made: Sequence[Made], error: Exception) -> None:
        if len(made) > 1:
            for one in made:
                await self._write([one])
        else:
            log.error("Session %s cannot be stored", made[0][0].get("id"), exc_info=error)


def _upsert_made(connection: Connection, made: Sequence[Made]) -> None:
    copies = SessionRows.of(
        [(CheckoutSession.from_stripe(session), session) for session, _ in made]
    )
    sessions.upsert_sessions(connection, [copies])
    sessions.record_request_ids(
        connection, {session["id"]: request for session, request in made if request}
    )


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
