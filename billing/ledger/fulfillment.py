"""Grants what was paid for, exactly once, whoever asks: webhook, landing page or sync worker.

https://docs.stripe.com/checkout/fulfillment
"""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from billing.domain.ledger.line import Origin
from billing.domain.sessions.checkout_session import SESSION_ID, CheckoutSession, Kind
from billing.domain.stripe_json import JSON, id_at
from billing.errors import InvalidInput
from billing.ledger.records import CreditsSale, ProSale, record_credits, record_pro
from billing.store import sessions, stripe_objects
from billing.store.sessions import SessionRows
from billing.store.stripe_objects import ObjectReading
from billing.stripe_api.gateway import PAGE_SIZE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence

    from billing.domain.ledger.line import LedgerLine
    from billing.domain.sessions.details import SessionReading
    from billing.session_reader import SessionReader
    from billing.store import Connection, Store
    from billing.stripe_api.gateway import StripeGateway
    from billing.stripe_api.requests import Page

AT_ONCE = 10  # sessions that are made rows
LIST_THRESHOLD = 4  # sessions that one request for a page is worth


@dataclass(frozen=True)
class FulfilledSession:
    """A session as Stripe has it now, and its purchase in the ledger, if it is paid."""

    session: CheckoutSession
    grant: LedgerLine | None


class Fulfillment:
    """Stores what Stripe says of a session and grants what it paid for, in one transaction, and a
    session has one grant: so every method may be called again, concurrently, and after a crash.
    """

    def __init__(self, gateway: StripeGateway, reader: SessionReader, store: Store) -> None:
        self._gateway = gateway
        self._reader = reader
        self._store = store

    async def refresh_and_grant(
        self, session_id: str, origin: str, *, rate_limited: bool = False
    ) -> FulfilledSession:
        """Retrieve the session from Stripe, store it, and grant what it paid for.

        ``origin`` is stored in the ledger: an event's id, or an ``Origin``.
        ``rate_limited`` waits for the rate limit, for work that nobody waits for.
        Raises ``InvalidInput`` when the id is not a test session's, ``StripeFailure`` or
        ``StoreFailure``, and ``NotConfigured`` when no setting names the Price that it was sold
        at; then nothing was granted.
        """
        if not SESSION_ID.fullmatch(session_id):
            raise InvalidInput(
                "This is not the ID of a Checkout Session in test mode.",
                "It starts with cs_test_, followed by letters and digits.",
            )
        if rate_limited:
            await self._gateway.acquire()
        reading = await self._reader.retrieve(session_id)
        fulfilled = await self._store.write_each(_refresh_each, (reading, origin))
        if reading.unclear:
            raise reading.unclear
        return fulfilled

    async def grant_listed(
        self, created: Mapping[str, int], origins: Mapping[str, str]
    ) -> AsyncGenerator[set[str]]:
        """The same for many, with one request for each page of Stripe's list instead of one for
        each session: the ids of each page's that are done. ``created`` says when they were (Unix
        seconds), ``origins`` their origins, both by session id.

        Those that lie so far apart that a list is not worth it are left out.
        Raises ``StripeFailure`` or ``StoreFailure``; the pages before are done, and what could be
        read of this one.
        """
        left = sorted(created, key=created.__getitem__)
        after: dict[str, str] = {}
        covered: float = math.inf  # seconds, by the page before
        while len(left) >= LIST_THRESHOLD:
            newest = created[left[-1]]
            if newest - created[left[-LIST_THRESHOLD]] > covered:
                left.pop()
                after = {}
                continue
            page = await self._gateway.list_checkout_sessions(
                created={"gte": created[left[0]], "lte": newest}, limit=PAGE_SIZE, **after
            )
            listed = [session for session in page.data if session["id"] in created]
            found, failure = await self._reader.read_most(listed, page.requested_at)
            await self._store.write(
                partial(upsert_and_grant, ready=await _prepared(found, origins))
            )
            yield {one.session.id for one in found if not one.unclear}
            if failure:
                raise failure
            if not page.has_more:
                return
            last = page.data[-1]
            covered = page.data[0]["created"] - last["created"]
            seen = {session["id"] for session in listed}
            left = [one for one in left if created[one] <= last["created"] and one not in seen]
            # The next page begins at the next one of them, whatever lies between.
            is_cut = bool(left) and created[left[-1]] == last["created"]
            after = {"starting_after": last["id"]} if is_cut else {}

    async def prepare(self, page: Page) -> list[SyncBatch]:
        """A page of Stripe's list of sessions, ready for the function ``upsert_and_grant``."""
        return await _prepared(await self._reader.read_all(page.data, page.requested_at))

    async def upsert_expired(self, session: JSON) -> None:
        """Store a session as Stripe answered when it expired it."""
        found = [(CheckoutSession.from_stripe(session), session)]
        rows = SessionRows.of(found)
        await self._store.write(partial(sessions.upsert_sessions, batches=[rows]))

    async def upsert_and_grant(self, page: Page) -> None:
        """Store a page of Stripe's list of sessions, and grant what they paid for."""
        await self._store.write(partial(upsert_and_grant, ready=await self.prepare(page)))


@dataclass(frozen=True)
class SyncBatch:
    """Rows of sessions and their subscriptions to store, and what they sold."""

    rows: SessionRows
    subscriptions: tuple[ObjectReading, ...]
    sales: tuple[CreditsSale | ProSale, ...]

    @classmethod
    def of(
        cls,
        found: Sequence[SessionReading],
        origins: Mapping[str, str] = MappingProxyType({}),
        times: Mapping[str, float] = MappingProxyType({}),
    ) -> SyncBatch:
        """``origins`` by session id; without one it is ``sync``. ``times`` (Unix seconds), of a
        simulated history, likewise; without one it is now."""
        now = time.time()
        sold = (
            sale_of(
                one,
                origins.get(one.session.id, Origin.SYNC),
                times.get(one.session.id, now),
            )
            for one in found
        )
        return cls(
            SessionRows.of([(one.session, one.data) for one in found]),
            tuple(
                ObjectReading(one.subscription, one.read_at)
                for one in found
                if one.subscription and one.sold
            ),
            tuple(filter(None, sold)),
        )


async def _prepared(
    found: Sequence[SessionReading], origins: Mapping[str, str] = MappingProxyType({})
) -> list[SyncBatch]:
    """All that needs no database: so the writer, for whom others wait, has only that to do."""
    ready = []
    for start in range(0, len(found), AT_ONCE):
        await asyncio.sleep(0)  # a page takes long enough for others to go first
        ready.append(SyncBatch.of(found[start : start + AT_ONCE], origins))
    return ready


def upsert_and_grant(connection: Connection, ready: Iterable[SyncBatch]) -> dict[str, LedgerLine]:
    """Store sessions and grant what they paid for, in the caller's transaction; the purchases, by
    session id."""
    ready = list(ready)
    subscriptions = [one for batch in ready for one in batch.subscriptions]
    stripe_objects.store(connection, subscriptions)
    sessions.upsert_sessions(connection, [one.rows for one in ready])
    sales = [sale for batch in ready for sale in batch.sales]
    credits_sold = [sale for sale in sales if isinstance(sale, CreditsSale)]
    pro_sold = [sale for sale in sales if isinstance(sale, ProSale)]
    known = record_credits(connection, credits_sold) | record_pro(connection, pro_sold)
    purchases = {}
    for sale in sales:
        subject = sale.subscription if isinstance(sale, ProSale) else sale.session_id
        if sale.session_id and subject in known:
            purchases[sale.session_id] = known[subject][0]
    return purchases


def sale_of(found: SessionReading, origin: str, at: float) -> CreditsSale | ProSale | None:
    """What the session sold: nothing while unpaid, expired, another app's, or where none of its
    line items is what it was made for."""
    session = found.session
    if not (session.is_paid and found.bought):
        return None
    if session.kind is Kind.CREDITS:
        return CreditsSale(
            session_id=session.id,
            bought=found.bought,
            paid=session.amount_total or 0,
            payment_intent=id_at(found.data, "payment_intent"),
            customer=id_at(found.data, "customer"),
            origin=origin,
            at=at,
        )
    subscription = id_at(found.subscription, "id")
    if subscription and found.sold:
        return ProSale(subscription, found.sold, origin, at, session.id, paid=True)
    return None


def _refresh_each(
    connection: Connection, due: Sequence[tuple[SessionReading, str]]
) -> list[FulfilledSession]:
    """Store sessions and grant what they paid for, each with its origin; the result of each."""
    found = [one for one, _ in due]
    origins = {one.session.id: origin for one, origin in reversed(due)}
    purchases = upsert_and_grant(connection, [SyncBatch.of(found, origins)])
    return [FulfilledSession(one.session, purchases.get(one.session.id)) for one in found]
