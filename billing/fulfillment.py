"""Grant what was paid for, exactly once. Called by the webhook, the landing page and the mirror.

https://docs.stripe.com/checkout/fulfillment
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from billing.checkout_session import SESSION_ID, CheckoutSession, Kind
from billing.errors import InvalidInput
from billing.store import grants, sessions
from billing.store.grants import Grant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from billing.gateway import StripeGateway
    from billing.store import Store

log = logging.getLogger(__name__)


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
        return await self._store.write(lambda connection: _settled(connection, found, cause))

    async def absorb(self, found: Sequence[dict[str, Any]], cause: str) -> None:
        """Keep and grant for sessions that Stripe has just listed."""
        await self._store.write(lambda connection: absorb(connection, found, cause))


def absorb(connection: Connection, found: Sequence[dict[str, Any]], cause: str) -> None:
    """Keep Stripe's sessions and grant what was paid for, in the caller's transaction."""
    sessions.keep(connection, found)
    for session in found:
        if grant := entitlement(session, cause, time.time()):
            _grant(connection, grant)


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


def _settled(connection: Connection, found: dict[str, Any], cause: str) -> Settled:
    absorb(connection, [found], cause)
    session = CheckoutSession.from_stripe(found)
    sessions.note_completion(connection, session.id)
    return Settled(session, grants.of_session(connection, session.id))


def _grant(connection: Connection, grant: Grant) -> None:
    if grants.add(connection, grant):
        log.info(
            "Granted: %s x %s for %s (%s)",
            grant.quantity,
            grant.kind,
            grant.session_id,
            grant.cause,
        )
