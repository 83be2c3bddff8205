"""Finds who has paid for the Pro plan twice, and ends the second subscription.

Two Checkout Sessions that are open at once can both be paid; Stripe does not prevent it.
"""

from __future__ import annotations

import math
import time
from functools import partial
from typing import TYPE_CHECKING

from billing.access.caller import requires
from billing.domain.access import Permission
from billing.domain.actions.payment import RefundReason
from billing.domain.actions.subscription import SubscriptionAction
from billing.domain.ledger.second_pro import SecondPro, second_pro
from billing.domain.sessions.checkout_session import Kind
from billing.domain.stripe_json import id_at
from billing.errors import InvalidInput
from billing.ledger.customers import customers_with_email, email_of, pro_states_of
from billing.store import sessions, stripe_objects
from billing.store.ledger import lines
from billing.store.stripe_objects import ObjectType

if TYPE_CHECKING:
    from billing.actions.service import Actions
    from billing.catalog import Catalog
    from billing.domain.sessions.line_item import SoldPrice
    from billing.store import Connection, Store

CHECK_SECONDS = 30.0
CUSTOMERS_CHECKED = 100


class SecondSubscriptions:
    """What is found comes from our copy, without waiting for Stripe. Every method raises
    ``StoreFailure``."""

    def __init__(self, catalog: Catalog, store: Store, actions: Actions) -> None:
        self._catalog = catalog
        self._store = store
        self._actions = actions
        self._found: tuple[SecondPro, ...] = ()
        self._found_at = -math.inf

    @requires(Permission.VIEW)
    async def all(self) -> tuple[SecondPro, ...]:
        """One of each Customer who has two, the newest first; found every ``CHECK_SECONDS``."""
        if time.monotonic() - self._found_at <= CHECK_SECONDS:
            return self._found
        if pro := await self._catalog.cached_sold_price(Kind.PRO):
            self._found = await self._store.read(partial(_of_all, pro=pro))
            self._found_at = time.monotonic()
        return self._found

    @requires(Permission.VIEW)
    async def of_session(self, session_id: str) -> SecondPro | None:
        """Where the subscription that a session began is not the first that this Customer has, or
        that another with the same email has."""
        pro = await self._catalog.cached_sold_price(Kind.PRO)
        if pro is None:
            return None

        def read(connection: Connection) -> SecondPro | None:
            stored = next(iter(sessions.load(connection, [session_id])), None)
            subscription = id_at(stored.data, "subscription") if stored else None
            return _of_subscription(connection, subscription, pro) if subscription else None

        return await self._store.read(read)

    @requires(Permission.REFUND, on="subscription")
    async def end(self, subscription: str) -> None:
        """Refund the newest payment of a second subscription, and cancel it now; once, however
        often it is asked for. Raises ``InvalidInput`` where it is not a second one (any more),
        ``StripeFailure``, and ``NotConfigured`` where no setting names the Price of the Pro plan.
        """
        pro = await self._catalog.sold_price(Kind.PRO)
        second = await self._store.read(
            partial(_of_subscription, subscription=subscription, pro=pro)
        )
        sale = await self._actions.of_subscription(subscription)
        if second is None:
            self._found_at = -math.inf
            if sale.pro and not sale.pro.due.quantity:
                return
            raise InvalidInput(
                f"{subscription} is not the second of two subscriptions to the Pro plan any more.",
                "Nothing was changed: the other one may have ended meanwhile.",
            )
        await self._actions.refresh(sale)  # what has been paid and refunded meanwhile
        payment = (await self._actions.of_subscription(subscription)).payment
        key = f"second-subscription-{subscription}"
        if payment and not payment.refusal:
            await self._actions.refund(
                payment, reason=RefundReason.DUPLICATE, cancels_pro=True, idempotency_key=key
            )
        else:
            await self._actions.change_subscription(
                subscription, SubscriptionAction.CANCEL_NOW, idempotency_key=key
            )
        self._found_at = -math.inf


def _of_all(connection: Connection, pro: SoldPrice) -> tuple[SecondPro, ...]:
    several = stripe_objects.customers_with_several(
        connection, ObjectType.SUBSCRIPTION, CUSTOMERS_CHECKED
    )
    found = (second_pro(pro_states_of(connection, [one], pro)) for one in several)
    return tuple(filter(None, found))


def _of_subscription(connection: Connection, subscription: str, pro: SoldPrice) -> SecondPro | None:
    stored = stripe_objects.load(connection, [subscription]).get(subscription)
    customer = id_at(stored, "customer")
    if not customer:
        return None
    customers = {customer}
    if email := email_of(connection, customer):
        sold = lines.of_email(connection, email, kind=Kind.PRO, limit=CUSTOMERS_CHECKED)
        customers |= set(customers_with_email(connection, email, sold)[:CUSTOMERS_CHECKED])
    return second_pro(pro_states_of(connection, customers, pro), subscription)
