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
from typing import TYPE_CHECKING, Any

from billing.checkout_session import SESSION_ID, CheckoutSession, Kind
from billing.errors import InvalidInput
from billing.gateway import LISTED
from billing.store import grants, sessions
from billing.store.grants import Grant
from billing.store.sessions import Copies

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from billing.gateway import StripeGateway
    from billing.store import Store

log = logging.getLogger(__name__)

MOST_LINES = 10  # in the log, of grants that come at once
WORTH_A_LIST = 4  # sessions that one request for a page is worth


@dataclass(frozen=True)
class Settled:
    """A session as Stripe has it now, and the grant that it brought, if any."""

    session: CheckoutSession
    grant: Grant | None


class Fulfillment:
    """Settles sessions. Safe to call twice, at once, and after a crash between any two lines:
    the copy of the session and its grant are one transaction, and a session has one grant.
    """

    def __init__(self, gateway: StripeGateway, store: Store) -> None:
        self._gateway = gateway
        self._store = store

    async def settle(self, session_id: str, cause: str, *, in_turn: bool = False) -> Settled:
        """Ask Stripe for the session, keep our copy, and grant what it paid for.

        ``in_turn`` keeps to the rate limit, for work that nobody sits waiting for.
        Raises ``InvalidInput`` when it cannot be a test session, ``StripeFailure`` or
        ``StoreFailure`` when one of them does not do its part; then nothing was granted.
        """
        if not SESSION_ID.fullmatch(session_id):
            raise InvalidInput(
                "That is not the id of a test Checkout Session.",
                "It begins with cs_test_ and holds letters and digits only.",
            )
        if in_turn:
            await self._gateway.turn()
        found = await self._gateway.retrieve_checkout_session(session_id, with_line_items=True)
        return await self._store.write_each(_settle_each, (found, cause))

    async def settle_listed(self, causes: Mapping[str, str], oldest: int, newest: int) -> set[str]:
        """Settle many at once: ids of sessions that were created from ``oldest`` to ``newest``,
        and the cause of each. Answers which are settled; the others are too far apart for lists.

        A page of Stripe's list costs one request, as a single session does.
        Raises ``StripeFailure`` or ``StoreFailure``; what was listed before is settled.
        """
        settled: set[str] = set()
        after: dict[str, str] = {}
        while True:
            page = await self._gateway.list_checkout_sessions(
                created={"gte": oldest, "lte": newest}, limit=LISTED, **after
            )
            found = [session for session in page.data if session["id"] in causes]
            await self._store.write(partial(_settle_all, found=found, causes=causes))
            settled |= {session["id"] for session in found}
            if not page.has_more or len(found) < WORTH_A_LIST or len(settled) == len(causes):
                return settled
            after = {"starting_after": page.data[-1]["id"]}

    async def absorb(self, found: Sequence[dict[str, Any]]) -> None:
        """Keep and grant for sessions that Stripe has just listed."""
        await self._store.write(partial(absorb, ready=[Absorbable.of(found)]))


@dataclass(frozen=True)
class Absorbable:
    """Sessions of Stripe's, ready to be kept, and what they entitle to."""

    copies: Copies
    grants: tuple[Grant, ...]

    @classmethod
    def of(
        cls, found: Sequence[dict[str, Any]], causes: Mapping[str, str] = MappingProxyType({})
    ) -> Absorbable:
        """``causes`` by session id; without one it is ``sync``."""
        now = time.time()
        due = (entitlement(session, causes.get(session["id"], "sync"), now) for session in found)
        return cls(Copies.of(found), tuple(filter(None, due)))


def absorb(connection: Connection, ready: Iterable[Absorbable]) -> None:
    """Keep sessions and grant what was paid for, in the caller's transaction."""
    ready = list(ready)
    sessions.keep(connection, [one.copies for one in ready])
    _say(grants.add(connection, *chain.from_iterable(one.grants for one in ready)))


def entitlement(session: dict[str, Any], cause: str, now: float) -> Grant | None:
    """What the session entitles to: nothing while unpaid, expired, or another app's."""
    if session["status"] != "complete":
        return None
    known = CheckoutSession.from_stripe(session)
    if not (known.ours and known.is_paid and known.kind):
        return None
    customer = session.get("customer")
    return Grant(
        session_id=known.id,
        kind=known.kind,
        quantity=1 if known.kind is Kind.PRO else _quantity_bought(session, known),
        amount_total=known.amount_total,
        currency=known.currency,
        customer=customer.get("id") if isinstance(customer, dict) else customer,
        customer_email=known.customer_email,
        cause=cause,
        granted_at=now,
    )


def _quantity_bought(session: dict[str, Any], known: CheckoutSession) -> int:
    items = (session.get("line_items") or {}).get("data")
    return sum(item["quantity"] for item in items) if items else known.quantity


def _settle_all(
    connection: Connection, found: Sequence[dict[str, Any]], causes: Mapping[str, str]
) -> None:
    absorb(connection, [Absorbable.of(found, causes)])
    sessions.note_completions(connection, [session["id"] for session in found])


def _settle_each(
    connection: Connection, due: Sequence[tuple[dict[str, Any], str]]
) -> list[Settled]:
    """Settle sessions, each with its cause."""
    found = [session for session, _ in due]
    _settle_all(connection, found, {session["id"]: cause for session, cause in reversed(due)})
    granted = grants.of_sessions(connection, [session["id"] for session in found])
    return [
        Settled(CheckoutSession.from_stripe(session), granted.get(session["id"]))
        for session in found
    ]


def _say(granted: Sequence[Grant]) -> None:
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
