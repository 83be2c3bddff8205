"""Keeps our copy of the Checkout Sessions in step with Stripe, and answers from it.

Filled once by a backfill; then webhooks tell what changed, and where none arrive, Stripe's events
and newest sessions are asked for: two requests a step, however long the history is.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from billing.backfill import QUICK, SPARING, Backfill
from billing.errors import BillingError, NotConfigured, StoreFailure, StripeFailure
from billing.fulfillment import absorb
from billing.settings import DATABASE_URL
from billing.settlement import HANDLED_TYPES, initial_state
from billing.store import events, sessions, sync
from billing.store.events import Due

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from sqlalchemy import Connection

    from billing.checkout_session import CheckoutSession
    from billing.gateway import Page, StripeGateway
    from billing.settlement import Settlement
    from billing.store import Store

log = logging.getLogger(__name__)

LEASE = "mirror"
LEASE_SECONDS = 30.0
STEP_SECONDS = 4.0
POLL_SECONDS_WITH_WEBHOOKS = 30.0
STATE = "mirror"
AGAIN = "mirror_reads_again"  # a token: what was read under another one is read again
FAILURE = ("failure", "next_step", "request_id")
FLUSH_SECONDS = 0.05

JSON = dict[str, Any]


@dataclass(frozen=True)
class MirrorState:
    """How far the copy goes. ``as_of`` in Unix seconds is when it was last known to be in step
    (0 never); ``complete`` that the whole history is in it, else ``read`` sessions so far;
    ``failure`` why the last step failed, in words."""

    as_of: float = 0.0
    complete: bool = False
    read: int = 0
    failure: str | None = None
    next_step: str = ""
    request_id: str | None = None


@dataclass(frozen=True)
class Recent:
    """The newest sessions, and how far they can be trusted."""

    sessions: tuple[CheckoutSession, ...]
    state: MirrorState


class Mirror:
    """Our copy of the sessions. ``run`` it as long as the server runs; one process at a time
    does the reading, the others take over when it is gone."""

    def __init__(
        self,
        gateway: StripeGateway,
        store: Store,
        settlement: Settlement,
        *,
        step_seconds: float = STEP_SECONDS,
    ) -> None:
        self._gateway = gateway
        self._store = store
        self._settlement = settlement
        self._step_seconds = step_seconds
        self._holder = uuid.uuid4().hex
        self._made: list[JSON] = []
        self._requests: dict[str, str] = {}
        self._flushing: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._poll_events_at = 0.0
        self._account: str | None = None

    # What pages and use cases call ------------------------------------------------------------

    def keep_soon(self, session: JSON, request_id: str | None = None) -> None:
        """Keep a session that was just made here, shortly after the answer has gone out."""
        self._made.append(session)
        if request_id:
            self._requests[session["id"]] = request_id
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._flush_later())

    async def recent(self, limit: int) -> Recent:
        """The newest sessions from our copy. Raises ``StoreFailure`` when it cannot be read."""
        await self._flush()

        def ask(connection: Connection) -> Recent:
            return Recent(tuple(sessions.recent(connection, limit)), _state(connection))

        return await self._store.read(ask)

    async def state(self) -> MirrorState:
        """How far our copy goes, what was just made included."""
        await self._flush()
        return await self._store.read(_state)

    async def session(self, session_id: str) -> CheckoutSession | None:
        """One session from our copy. Raises ``StoreFailure`` when it cannot be read."""
        await self._flush()
        return await self._store.read(lambda connection: sessions.get(connection, session_id))

    def look_now(self) -> None:
        """Do the next step at once."""
        self._wake.set()

    async def read_again(self) -> None:
        """Read the whole history anew, beginning at once: more of it came up, or it was reset."""
        token = uuid.uuid4().hex
        await self._store.write(lambda connection: sync.save(connection, AGAIN, token))
        self._poll_events_at = 0.0
        self.look_now()

    # Keeping in step --------------------------------------------------------------------------

    async def run(self) -> None:
        """Fill the copy, then keep it in step, until cancelled."""
        try:
            while True:
                try:
                    if await self._leads():
                        await self._step()
                except* BillingError as failures:
                    await self._note_failure(_first(failures))
                await self._pause()
        finally:
            await self._leave()

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._step_seconds):
                await self._wake.wait()
        self._wake.clear()

    async def _leads(self) -> bool:
        now = time.time()
        return await self._store.write(
            lambda connection: sync.acquire(
                connection, LEASE, self._holder, now, max(LEASE_SECONDS, 3 * self._step_seconds)
            )
        )

    async def _leave(self) -> None:
        try:
            await self._flush()
            await self._store.write(
                lambda connection: sync.release(connection, LEASE, self._holder)
            )
        except BillingError as failure:
            log.info("The mirror's lease runs out by itself: %s", failure.message)

    async def _step(self) -> None:
        saved = await self._store.read(_saved)
        started = time.time()
        saved |= await self._same_account(saved)
        if not saved.get("complete"):
            saved = await self._fill(saved)
        try:
            if started >= self._poll_events_at:
                await self._follow_events(saved)
            await self._follow_sessions(saved)
        except StripeFailure as failure:
            if not failure.is_missing:
                raise
            # What the cursor names is gone: events are kept for 30 days, a sandbox can be reset.
            log.warning("The mirror's place in Stripe's lists is gone; it reads all again.")
            saved = _only(saved, "account", "again")
            self.look_now()
        in_order = {name: value for name, value in saved.items() if name not in FAILURE}
        await self._save(in_order | {"as_of": started})

    async def _same_account(self, saved: JSON) -> JSON:
        """The account to be saved; a database never holds the sessions of two."""
        if self._account is None:
            try:
                self._account = str((await self._gateway.retrieve_account())["id"])
            except StripeFailure as failure:
                if failure.status != 403:  # a restricted key may not ask
                    raise
                self._account = saved.get("account", "")
        if saved.get("account", self._account) != self._account:
            raise NotConfigured(
                DATABASE_URL,
                f"The database holds the sessions of another Stripe account, {saved['account']}.",
                f"Set {DATABASE_URL} to another database for this account.",
            )
        return {"account": self._account}

    async def _fill(self, saved: JSON) -> JSON:
        if "left" not in saved:
            # The events from here on are followed, so that nothing falls between.
            newest = await self._gateway.list_events(types=list(HANDLED_TYPES), limit=1)
            saved |= {"left": [], "read": 0, "event": _first_id(newest)}
            await self._save(saved)
        log.info("Reading the history of Checkout Sessions from Stripe ...")

        async def keep(found: list[JSON], left: list[JSON]) -> None:
            saved["read"] += len(found)
            newest = max(found, key=lambda session: session["created"], default=None)
            if newest and newest["created"] >= saved.get("newest_created", 0):
                saved.update(session=newest["id"], newest_created=newest["created"])
            snapshot = saved | {"left": left, "complete": not left}

            def write(connection: Connection) -> None:
                absorb(connection, found, "sync")
                sync.save(connection, STATE, snapshot)
                sync.acquire(connection, LEASE, self._holder, time.time(), LEASE_SECONDS)

            await self._store.write(write)

        pace = SPARING if self._gateway.is_rate_limited else QUICK
        backfill = Backfill(self._gateway.list_checkout_sessions, keep, pace)
        await backfill.run(saved["left"], int(time.time()) + 60)
        log.info("The history is read: %s sessions.", saved["read"])
        return saved | {"left": [], "complete": True}

    async def _follow_events(self, saved: JSON) -> None:
        """Record what no webhook has brought. While webhooks bring everything, look less often."""
        waiting: list[Due] = []
        missed = False

        def record(connection: Connection, page: list[JSON]) -> None:
            nonlocal missed
            now = time.time()
            for event in page:
                known = events.record(connection, event, "poll", initial_state(event["type"]), now)
                missed = missed or known.deliveries == 0
                if known.state == "pending":
                    waiting.append(Due(event["id"], event["type"], events.object_id(event)))

        seen = 0
        newer = self._newer(self._gateway.list_events, saved, "event", types=list(HANDLED_TYPES))
        async for page in newer:
            await self._store.write(partial(record, page=page))
            seen += len(page)
        self._settlement.expect(waiting)
        if missed:
            self._poll_events_at = 0.0
        elif seen:
            self._poll_events_at = time.time() + POLL_SECONDS_WITH_WEBHOOKS

    async def _follow_sessions(self, saved: JSON) -> None:
        """No event tells of a session that was made elsewhere: ask for the newest."""
        async for page in self._newer(self._gateway.list_checkout_sessions, saved, "session"):
            await self._store.write(partial(absorb, found=page, cause="sync"))

    async def _newer(
        self, listing: Callable[..., Awaitable[Page]], saved: JSON, cursor: str, **filters: Any
    ) -> AsyncIterator[list[JSON]]:
        """Pages of what is newer than ``saved[cursor]``, the oldest page first."""
        while True:
            before = {"ending_before": saved[cursor]} if saved.get(cursor) else {}
            page = await listing(limit=100, **before, **filters)
            if page.data:
                yield page.data
                saved[cursor] = page.data[0]["id"]
            if page.has_more and not before:
                # More came at once than one page shows, and nothing is known below it.
                saved["complete"] = False
                saved.pop("left", None)
            if not page.has_more or not before:
                return

    async def _save(self, state: JSON) -> None:
        await self._store.write(lambda connection: sync.save(connection, STATE, state))

    async def _note_failure(self, failure: BillingError) -> None:
        log.warning("The mirror could not follow Stripe: %s", failure)
        values = (failure.message, failure.next_step, getattr(failure, "request_id", None))
        note = dict(zip(FAILURE, values, strict=True))

        def write(connection: Connection) -> None:
            sync.save(connection, STATE, (sync.load(connection, STATE) or {}) | note)

        try:
            await self._store.write(write)
        except StoreFailure as lost:
            log.warning("That could not be written down either: %s", lost.message)

    # What was made here -----------------------------------------------------------------------

    async def _flush_later(self) -> None:
        await asyncio.sleep(FLUSH_SECONDS)
        try:
            await self._flush()
        except BillingError as failure:
            log.warning("New sessions are not in the mirror yet: %s", failure.message)

    async def _flush(self) -> None:
        made, self._made = self._made, []
        requests, self._requests = self._requests, {}

        def write(connection: Connection) -> None:
            absorb(connection, made, "sync")
            sessions.note_requests(connection, requests)

        if made:
            try:
                await self._store.write(write)
            except BillingError:
                self._made = made + self._made
                self._requests |= requests
                raise


def _saved(connection: Connection) -> JSON:
    """What the last step left, unless all is to be read again since."""
    saved: JSON = sync.load(connection, STATE) or {}
    again = sync.load(connection, AGAIN)
    if saved.get("again") == again:
        return saved
    return _only(saved, "account") | {"again": again}


def _only(saved: JSON, *names: str) -> JSON:
    return {name: saved[name] for name in names if name in saved}


def _state(connection: Connection) -> MirrorState:
    saved = _saved(connection)
    return MirrorState(
        as_of=saved.get("as_of", 0.0),
        complete=saved.get("complete", False),
        read=saved.get("read", 0),
        failure=saved.get("failure"),
        next_step=saved.get("next_step", ""),
        request_id=saved.get("request_id"),
    )


def _first(failures: ExceptionGroup[BillingError]) -> BillingError:
    first = failures.exceptions[0]
    return _first(first) if isinstance(first, ExceptionGroup) else first


def _first_id(page: Page) -> str | None:
    return page.data[0]["id"] if page.data else None
