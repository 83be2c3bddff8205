"""Grant what was paid for, exactly once. Called by the webhook, the landing page and the mirror.

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

from billing.domain.checkout_session import SESSION_ID, CheckoutSession, Kind
from billing.domain.grant import Grant, GrantCause
from billing.domain.stripe_json import JSON, id_at
from billing.errors import InvalidInput
from billing.store import sessions
from billing.store.ledger import grants
from billing.store.sessions import SessionRows
from billing.stripe_api.gateway import PAGE_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from billing.domain.session_details import SessionReading
    from billing.session_reader import SessionReader
    from billing.store import Connection, Store
    from billing.stripe_api.gateway import StripeGateway

log = logging.getLogger(__name__)

MOST_LINES = 10  # in the log, of grants that come at once
WORTH_A_LIST = 4  # sessions that one request for a page is worth


@dataclass(frozen=True)
class FulfilledSession:
    """A session as Stripe has it now, and the grant that it brought, if any."""

    session: CheckoutSession
    grant: Grant | None


class Fulfillment:
    """Settles sessions. Safe to call twice, at once, and after a crash between any two lines:
    the copy of the session and its grant are one transaction, and a session has one grant.
    """

    def __init__(self, gateway: StripeGateway, reader: SessionReader, store: Store) -> None:
        self._gateway = gateway
        self._reader = reader
        self._store = store

    async def refresh_and_grant(
        self, session_id: str, cause: str, *, rate_limited: bool = False
    ) -> FulfilledSession:
        """Ask Stripe for the session, keep our copy, and grant what it paid for.

        ``rate_limited`` keeps to the rate limit, for work that nobody sits waiting for.
        Raises ``InvalidInput`` when it cannot be a test session, ``StripeFailure`` or
        ``StoreFailure`` when one of them does not do its part, ``NotConfigured`` when no setting
        says which Price it was sold at; then nothing was granted.
        """
        if not SESSION_ID.fullmatch(session_id):
            raise InvalidInput(
                "This is not the ID of a Checkout Session in test mode.",
                "It starts with cs_test_, followed by letters and digits.",
            )
        if rate_limited:
            await self._gateway.acquire()
        reading = await self._reader.retrieve(session_id)
        settled = await self._store.write_each(_refresh_each, (reading, cause))
        if reading.unclear:
            raise reading.unclear
        return settled

    async def refresh_and_grant_listed(
        self, causes: Mapping[str, str], oldest: int, newest: int
    ) -> set[str]:
        """Settle many at once: ids of sessions that were created from ``oldest`` to ``newest``,
        and the cause of each. Answers which are settled; the others are too far apart for lists.

        A page of Stripe's list costs one request, as a single session does.
        Raises ``StripeFailure`` or ``StoreFailure``; what was listed before is settled.
        """
        settled: set[str] = set()
        after: dict[str, str] = {}
        while True:
            page = await self._gateway.list_checkout_sessions(
                created={"gte": oldest, "lte": newest}, limit=PAGE_SIZE, **after
            )
            listed = [session for session in page.data if session["id"] in causes]
            found = await self._reader.read_all(listed)
            await self._store.write(partial(_upsert_and_grant_readings, found=found, causes=causes))
            settled |= {one.session.id for one in found if not one.unclear}
            if not page.has_more or len(found) < WORTH_A_LIST or len(settled) == len(causes):
                return settled
            after = {"starting_after": page.data[-1]["id"]}

    async def prepare(self, found: Iterable[JSON]) -> SyncBatch:
        """Sessions that Stripe has just listed, ready to be stored with ``upsert_and_grant``."""
        return SyncBatch.of(await self._reader.read_all(found))

    async def upsert_and_grant(self, found: Iterable[JSON]) -> None:
        """Keep and grant for sessions that Stripe has just listed."""
        await self._store.write(partial(upsert_and_grant, ready=[await self.prepare(found)]))


@dataclass(frozen=True)
class SyncBatch:
    """Sessions of Stripe's, ready to be kept, and what they entitle to."""

    copies: SessionRows
    grants: tuple[Grant, ...]

    @classmethod
    def of(
        cls, found: Sequence[SessionReading], causes: Mapping[str, str] = MappingProxyType({})
    ) -> SyncBatch:
        """``causes`` by session id; without one it is ``sync``."""
        now = time.time()
        due = (entitlement(one, causes.get(one.session.id, GrantCause.SYNC), now) for one in found)
        return cls(
            SessionRows.of([(one.session, one.data) for one in found]), tuple(filter(None, due))
        )


def upsert_and_grant(connection: Connection, ready: Iterable[SyncBatch]) -> None:
    """Keep sessions and grant what was paid for, in the caller's transaction."""
    ready = list(ready)
    sessions.upsert_sessions(connection, [one.copies for one in ready])
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
    """Settle sessions, each with its cause."""
    found = [one for one, _ in due]
    _upsert_and_grant_readings(
        connection, found, {one.session.id: cause for one, cause in reversed(due)}
    )
    granted = grants.of_sessions(connection, [one.session.id for one in found])
    return [FulfilledSession(one.session, granted.get(one.session.id)) for one in found]


def _log_grants(granted: Sequence[Grant]) -> None:
    """A line for each grant, and one for many at once: a history holds hundreds."""
    if len(granted) <= MOST_LINES:
        for grant in granted:
            what = (grant.quantity, grant.kind, grant.session_id, grant.cause)
            log.info("Granted: %s x %s for %s (%s)", *what)
        return
    quantities: Counter[str] = Counter()
    for grant in granted:
        quantities[grant.kind] += grant.quantity
    sums = ", ".join(f"{quantity} x {kind}" for kind, quantity in sorted(quantities.items()))
    log.info("Granted: %s for %s sessions", sums, len(granted))
