"""Who a Checkout Session is for: a Customer of Stripe's, or an email."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from billing.access.caller import requires
from billing.domain.access import Permission
from billing.domain.ledger.line import Origin
from billing.domain.ledger.pro import Subscription
from billing.domain.ledger.second_pro import blocking, reason
from billing.domain.sessions.checkout_session import Kind
from billing.errors import InvalidInput, NotConfigured, SecondSubscription, StripeFailure
from billing.ledger.customers import customers_with_email, is_known, pro_states_of
from billing.safe_text import sanitize
from billing.store import stripe_objects
from billing.store.stripe_objects import ObjectReading

if TYPE_CHECKING:
    from collections.abc import Collection

    from billing.catalog import Catalog
    from billing.domain.ledger.pro import ProState
    from billing.domain.sessions.line_item import SoldPrice
    from billing.domain.stripe_json import JSON
    from billing.ledger.after_sale import AfterSale
    from billing.store import Connection, Store
    from billing.stripe_api.gateway import StripeGateway

CUSTOMER_LENGTH = 255  # of an id, https://docs.stripe.com/upgrades
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
EMAIL_LENGTH = 512  # https://docs.stripe.com/api/customers/create#create_customer-email


@dataclass(frozen=True)
class Buyer:
    """The one Customer (id) that a session is for, else the ``email`` it is for; of an email
    ``customers`` are all that have it."""

    customer: str | None = None
    email: str | None = None
    customers: tuple[str, ...] = ()

    @property
    def params(self) -> JSON:
        """Of the request that creates the session.

        https://docs.stripe.com/api/checkout/sessions/create#create_checkout_session-customer
        """
        if self.customer:
            return {"customer": self.customer}
        return {"customer_email": self.email} if self.email else {}


ANYBODY = Buyer()


def parse_customer(value: object) -> str | None:
    """``value`` as the id of a Customer; ``InvalidInput`` unless it may be one, or None."""
    customer = value.strip() if isinstance(value, str) else value
    if customer is None:
        return None
    if not isinstance(customer, str) or not 0 < len(customer) <= CUSTOMER_LENGTH:
        raise InvalidInput(
            "customer must be the ID of a Customer", 'Send a JSON string like "cus_…".'
        )
    return sanitize(customer)


def parse_email(value: object) -> str | None:
    """``value`` as an email; ``InvalidInput`` unless it may be one, or None."""
    email = value.strip() if isinstance(value, str) else value
    if email is None:
        return None
    is_email = isinstance(email, str) and len(email) <= EMAIL_LENGTH and EMAIL.fullmatch(email)
    if not isinstance(email, str) or not is_email:
        raise InvalidInput("email must be an email address", "Send it as a JSON string.")
    return sanitize(email)


def unknown(customer: str) -> InvalidInput:
    """Stripe does not know the Customer, or not any more."""
    return InvalidInput(
        f"Stripe knows no Customer {customer}", "Check the ID, and that it is of this account."
    )


class Buyers:
    """Finds Customers in our copy, and at Stripe those that are not there. Every method raises
    ``StripeFailure`` or ``StoreFailure``."""

    def __init__(
        self, gateway: StripeGateway, catalog: Catalog, store: Store, after_sale: AfterSale
    ) -> None:
        self._gateway = gateway
        self._catalog = catalog
        self._store = store
        self._after_sale = after_sale

    async def find(self, customer: str | None = None, email: str | None = None) -> Buyer:
        """Who is meant by the id of a Customer, an email or neither. Raises ``InvalidInput`` where
        both are given, or where Stripe does not know the Customer."""
        if customer and email:
            raise InvalidInput("Send customer or email, not both.", "Leave one of them out.")
        if customer:
            if not await self._store.read(partial(is_known, customer=customer)):
                await self._read_customer(customer)
            return Buyer(customer, customers=(customer,))
        if email:
            found = await self._store.read(partial(customers_with_email, email=email))
            customers = tuple(found or await self._customers_at_stripe(email))
            only = customers[0] if len(customers) == 1 else None
            return Buyer(only, email, customers)
        return ANYBODY

    async def check_first_pro(self, buyer: Buyer) -> None:
        """Raises ``SecondSubscription`` where one of the buyer's subscriptions gives Pro or can
        come back; ``NotConfigured`` where no setting names the Price of the Pro plan."""
        if not buyer.customers:
            return
        pro = await self._catalog.sold_price(Kind.PRO)
        if state := await self._store.read(partial(_live_pro, customers=buyer.customers, pro=pro)):
            message, next_step = reason(state)
            raise SecondSubscription(
                message,
                next_step,
                customer=state.subscription.customer or "",
                subscription=state.subscription.id,
            )

    @requires(Permission.VIEW)
    async def live_pro(
        self, customer: str | None = None, email: str | None = None
    ) -> ProState | None:
        """The subscription because of which ``check_first_pro`` refuses another, as far as our copy
        knows it; Stripe is not waited for."""
        pro = await self._catalog.cached_sold_price(Kind.PRO)
        if pro is None:
            return None

        def read(connection: Connection) -> ProState | None:
            known = [customer] if customer else customers_with_email(connection, email or "")
            return _live_pro(connection, known, pro)

        return await self._store.read(read)

    async def _read_customer(self, customer: str) -> None:
        """Store a Customer with their subscriptions to the Pro plan."""
        read_at = time.time()
        try:
            data = await self._gateway.retrieve_customer(customer)
        except StripeFailure as failure:
            if failure.is_forbidden:
                return  # then Stripe says whether there is one when the session is created
            if failure.is_missing:
                raise unknown(customer) from None
            raise
        if data.get("deleted"):
            raise unknown(customer)
        await self._store_customer(data, read_at)

    async def _customers_at_stripe(self, email: str) -> list[str]:
        read_at = time.time()
        found: dict[str, JSON] = {}
        try:
            for written in dict.fromkeys((email, email.lower())):  # Stripe regards the case
                listed = await self._gateway.list_customers(written)
                found |= {one["id"]: one for one in listed}
        except StripeFailure as failure:
            if not failure.is_forbidden:
                raise
        for data in found.values():
            await self._store_customer(data, read_at)
        return sorted(found)

    async def _store_customer(self, data: JSON, read_at: float) -> None:
        """Store a Customer (Stripe's object) once their subscriptions are: who is stored is not
        asked for again."""
        try:
            pro = await self._catalog.sold_price(Kind.PRO)
        except NotConfigured:
            return
        try:
            subscriptions = await self._gateway.list_subscriptions(data["id"])
        except StripeFailure as failure:
            if failure.is_forbidden:
                return
            raise
        for one in subscriptions:
            if Subscription.from_stripe(one, pro).until is not None:
                await self._after_sale.refresh_subscription(one["id"], Origin.SYNC)
        reading = ObjectReading(data, read_at)
        await self._store.write(partial(stripe_objects.store, found=[reading]))


def _live_pro(
    connection: Connection, customers: Collection[str], pro: SoldPrice
) -> ProState | None:
    return blocking(pro_states_of(connection, customers, pro))
