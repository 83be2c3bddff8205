"""Grants what was paid for, exactly once, whoever asks: webhook, landing page or sync worker.

https://docs.stripe.com/checkout/fulfillment
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from dataclasses import dataclass
from functools import partial
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING

from billing.domain.grant import Grant, GrantCause
from billing.domain.sessions.checkout_session import SESSION_ID, CheckoutSession, Kind
from billing.domain.stripe_json import JSON, id_at
from billing.errors import InvalidInput
from billing.store import sessions
from billing.store.ledger import grants
from billing.store.sessions import SessionRows
from billing.stripe_api.gateway import PAGE_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from billing.domain.sessions.details import SessionReading
    from billing.session_reader import SessionReader
    from billing.store import Connection, Store
    from billing.stripe_api.gateway import StripeGateway

log = logging.getLogger(__name__)

MAX_LOG_LINES = 10  # in the log, of grants that come at once
LIST_THRESHOLD = 4  # sessions that one request for a page is worth


@dataclass(frozen=True)
class FulfilledSession:
    """A session as Stripe has it now, and the grant for it, if it is paid."""

    session: CheckoutSession
    grant: Grant | None


class Fulfillment:
    """Stores what Stripe says of a session and grants what it paid for, in one transaction, and a
    session has one grant: so every method may be called again, concurrently, and after a crash.
    """

    def __init__(self, gateway: StripeGateway, reader: SessionReader, store: Store) -> None:
        self._gateway = gateway
        self._reader = reader
        self._store = store

    async def refresh_and_grant(
        self, session_id: str, cause: str, *, rate_limited: bool = False
    ) -> FulfilledSession:
        """Retrieve the session from Stripe, store it, and grant what it paid for.

        ``cause`` is stored with the grant: an event's id, ``return``, ``sync``.
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
        fulfilled = await self._store.write_each(_refresh_each, (reading, cause))
        if reading.unclear:
            raise reading.unclear
        return fulfilled

    async def refresh_and_grant_listed(
        self, causes: Mapping[str, str], oldest: int, newest: int
    ) -> set[str]:
        """The same for many, with one request for each page of Stripe's list instead of one for
        each session. ``causes`` goes by session id; ``oldest`` and ``newest`` (Unix seconds) are
        when the first and the last of them were created.

        Returns the ids that are done; the others lie too far apart for lists to be worth it.
        Raises ``StripeFailure`` or ``StoreFailure``; the pages before are done.
        """
        fulfilled: set[str] = set()
        after: dict[str, str] = {}
        while True:
            page = await self._gateway.list_checkout_sessions(
                created={"gte": oldest, "lte": newest}, limit=PAGE_SIZE, **after
            )
            listed = [session for session in page.data if session["id"] in causes]
            found = await self._reader.read_all(listed)
            await self._store.write(partial(_upsert_and_grant_readings, found=found, causes=causes))
            fulfilled |= {one.session.id for one in found if not one.unclear}
            if not page.has_more or len(found) < LIST_THRESHOLD or len(fulfilled) == len(causes):
                return fulfilled
            after = {"starting_after": page.data[-1]["id"]}

    async def prepare(self, found: Iterable[JSON]) -> SyncBatch:
        """Sessions as Stripe listed them, ready for the function ``upsert_and_grant``."""
        return SyncBatch.of(await self._reader.read_all(found))

    async def upsert_and_grant(self, found: Iterable[JSON]) -> None:
        """Store sessions as Stripe listed them, and grant what they paid for."""
        await self._store.write(partial(upsert_and_grant, ready=[await self.prepare(found)]))


@dataclass(frozen=True)
class SyncBatch:
    """Rows of sessions to store, and the grants that they entitle to."""

    rows: SessionRows
    grants: tuple[Grant, ...]

    @classmethod
    def of(
        cls,
        found: Sequence[SessionReading],
        causes: Mapping[str, str] = MappingProxyType({}),
        times: Mapping[str, float] = MappingProxyType({}),
    ) -> SyncBatch:
        """``causes`` by session id; without one it is ``sync``. ``times`` (Unix seconds), of a
        simulated history, likewise; without one it is now."""
        now = time.time()
        due = (
            entitlement(
                one,
                causes.get(one.session.id, GrantCause.SYNC),
                times.get(one.session.id, now),
            )
            for one in found
        )
        return cls(
            SessionRows.of([(one.session, one.data) for one in found]), tuple(filter(None, due))
        )


def upsert_and_grant(connection: Connection, ready: Iterable[SyncBatch]) -> None:
    """Store sessions and grant what they paid for, in the caller's transaction."""
    ready = list(ready)
    sessions.upsert_sessions(connection, [one.rows for one in ready])
    _log_grants(grants.add(connection, *chain.from_iterable(one.grants for one in ready)))


def entitlement(found: SessionReading, cause: str, now: float) -> Grant | None:
    """What the session entitles to: nothing while unpaid, expired, another app's, or where none
    of its line items is what it was made for."""
    session = found.session
    if not (session.is_paid and session.kind and found.bought):
        return None
    return Grant(
        session_id=session.id,
        kind=session.kind,
        quantity=1 if session.kind is Kind.PRO else found.bought,
        amount_total=session.amount_total,
        currency=session.currency,
        customer=id_at(found.data, "customer"),
        customer_email=session.customer_email,
        cause=cause,
        granted_at=now,
    )


def _upsert_and_grant_readings(
    connection: Connection, found: Sequence[SessionReading], causes: Mapping[str, str]
) -> None:
    upsert_and_grant(connection, [SyncBatch.of(found, causes)])
    sessions.record_completions(connection, [one.session.id for one in found])


def _refresh_each(
    connection: Connection, due: Sequence[tuple[SessionReading, str]]
) -> list[FulfilledSession]:
    """Store sessions and grant what they paid for, each with its cause; the result of each."""
    found = [one for one, _ in due]
    _upsert_and_grant_readings(
        connection, found, {one.session.id: cause for one, cause in reversed(due)}
    )
    granted = grants.of_sessions(connection, [one.session.id for one in found])
    return [FulfilledSession(one.session, granted.get(one.session.id)) for one in found]


def _log_grants(granted: Sequence[Grant]) -> None:
    """A line for each grant, and one for many at once: a history holds hundreds."""
    if len(granted) <= MAX_LOG_LINES:
        for grant in granted:
            what = (grant.quantity, grant.kind, grant.session_id, grant.cause)
            log.info("Granted: %s x %s for %s (%s)", *what)
        return
    quantities: Counter[str] = Counter()
    for grant in granted:
        quantities[grant.kind] += grant.quantity
    sums = ", ".join(f"{quantity} x {kind}" for kind, quantity in sorted(quantities.items()))
    log.info("Granted: %s for %s sessions", sums, len(granted))
