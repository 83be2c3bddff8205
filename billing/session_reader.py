"""Reads Checkout Sessions with what Stripe's object lacks: what was bought, why a payment failed.

Every session is read by this before it is stored, whether it was retrieved alone or in a list.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from billing.domain.sessions.checkout_session import CheckoutSession, Kind, Outcome
from billing.domain.sessions.details import SessionReading
from billing.domain.sessions.line_item import LineItem, SoldPrice
from billing.domain.stripe_json import (
    JSON,
    id_at,
    object_at,
    objects_at,
    payment_error,
    payment_error_code,
    text_at,
)
from billing.errors import NotConfigured, StripeFailure
from billing.store import sessions
from billing.stripe_api.gateway import PAGE_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from billing.catalog import Catalog
    from billing.store import Store
    from billing.stripe_api.gateway import StripeGateway

log = logging.getLogger(__name__)

AT_ONCE = 10  # sessions
MOST_FAILURES = 3
NO_REASON = "The bank gave no reason."
NO_SUBSCRIPTION = (
    "Stripe did not return the subscription that this session began.",
    "Give the key the permission to read Subscriptions, or use another key.",
)


class SessionReader:
    """Reads sessions. A paid one whose line items and subscription came with it costs no further
    request; one whose delayed payment is processing costs one for that payment.

    Every method raises ``StoreFailure``, and ``StripeFailure`` when a retry may succeed.
    """

    def __init__(self, gateway: StripeGateway, catalog: Catalog, store: Store) -> None:
        self._gateway = gateway
        self._catalog = catalog
        self._store = store

    async def retrieve(self, session_id: str, *, with_payments: bool = False) -> SessionReading:
        """Retrieve a session with all of its line items. Raises every ``StripeFailure``."""
        read_at = time.time()
        data = await self._gateway.retrieve_checkout_session(
            session_id,
            with_line_items=True,
            with_subscription=True,
            with_payments=with_payments,
        )
        line_items = {"data": await self._all_line_items(data), "has_more": False}
        return await self.read(data | {"line_items": line_items}, read_at)

    async def read_all(self, found: Iterable[JSON], read_at: float) -> list[SessionReading]:
        """Read sessions (Stripe's objects) that Stripe has listed, when it was asked for them
        ``read_at`` a time (Unix seconds)."""
        readings, failure = await self.read_most(found, read_at, failures=1)
        if failure:
            raise failure
        return readings

    async def read_most(
        self, found: Iterable[JSON], read_at: float, failures: int = MOST_FAILURES
    ) -> tuple[list[SessionReading], StripeFailure | None]:
        """The same, but those that cannot be read now are left out, and the last failure is
        returned. After so many ``failures`` no more are read, as Stripe may be in trouble."""
        readings: list[SessionReading] = []
        failure: StripeFailure | None = None
        for number, one in enumerate(found):
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)  # a page takes long enough for others to go first
            try:
                readings.append(await self.read(one, read_at))
            except StripeFailure as this:
                failure, failures = this, failures - 1
                if not failures:
                    break
        return readings, failure

    async def read(self, data: JSON, read_at: float) -> SessionReading:
        """Read one session (Stripe's object)."""
        session = CheckoutSession.from_stripe(data)
        stored = data.copy()
        stored.pop("line_items", None)
        subscription = object_at(data, "subscription") or None
        if subscription:
            stored["subscription"] = id_at(subscription, "id")
        items = tuple(map(LineItem.from_stripe, objects_at(data, "line_items")))
        reading = SessionReading(stored, session, read_at, items, subscription=subscription)
        if session.outcome is Outcome.PROCESSING:
            failure, code = await self._failure(data)
            return replace(reading, session=replace(session, failure=failure, failure_code=code))
        if not (session.is_paid and session.kind):
            return reading
        try:
            if _has_more(data):
                items = tuple(map(LineItem.from_stripe, await self._all_line_items(data)))
            sold = await self._sold_price(items, session.kind)
            bought = sold.quantity(items)
        except (NotConfigured, StripeFailure) as unclear:
            if isinstance(unclear, StripeFailure) and unclear.is_temporary:
                raise
            log.warning("The line items of %s cannot be checked: %s", session.id, unclear.message)
            return replace(reading, unclear=unclear)
        if session.kind is Kind.PRO and bought and subscription is None:
            missing = StripeFailure(*NO_SUBSCRIPTION, status=403)
            log.warning("%s cannot be granted: %s", session.id, missing.message)
            return replace(reading, unclear=missing)
        paid = replace(session, quantity=bought)
        return replace(reading, session=paid, line_items=items, bought=bought, sold=sold)

    async def _all_line_items(self, data: JSON) -> list[JSON]:
        """Every line item; Stripe's object holds the first of them or none."""
        items, has_more = objects_at(data, "line_items"), _has_more(data)
        while has_more:
            after = {"starting_after": items[-1]["id"]} if items else {}
            page = await self._gateway.list_line_items(data["id"], limit=PAGE_SIZE, **after)
            items += page.data
            has_more = page.has_more and bool(page.data)
        return items

    async def _sold_price(self, items: Iterable[LineItem], kind: Kind) -> SoldPrice:
        """The Prices of ``kind``, with their Product where another is among the line items."""
        # Metadata does not count: whoever has the key can write there what they like.
        price = await self._catalog.named_prices(kind)
        if all(price.sells(item) for item in items):
            return price
        return await self._catalog.sold_price(kind)

    async def _failure(self, data: JSON) -> tuple[str | None, str | None]:
        """Why the delayed payment failed, in words and as a code; None while it has not.

        Stripe leaves such a session complete and unpaid; its PaymentIntent says so, or, where the
        key cannot read that, the event.
        https://docs.stripe.com/payments/checkout/fulfill-orders#delayed-payment-methods
        """
        try:
            intent = await self._payment(data)
        except StripeFailure as failure:
            if failure.is_temporary:
                raise
            intent = None
        status, reason = text_at(intent, "status"), payment_error(intent)
        code = payment_error_code(intent)
        if status == "canceled":
            return reason or "The payment was canceled.", code
        if status not in (None, "requires_payment_method"):
            return None, None
        has_failed = partial(sessions.payment_has_failed, session_id=data["id"])
        return reason or (NO_REASON if await self._store.read(has_failed) else None), code

    async def _payment(self, data: JSON) -> JSON | None:
        """The PaymentIntent of a completed session, of a subscription that of its first invoice;
        None where there is none."""
        await self._gateway.acquire()
        if intent := id_at(data, "payment_intent"):
            return await self._gateway.retrieve_payment_intent(intent)
        if invoice := id_at(data, "invoice"):
            page = await self._gateway.list_invoice_payments(invoice)
            intents = (object_at(one, "payment", "payment_intent") for one in page.data)
            return next(filter(None, intents), None)
        return None


def _has_more(data: JSON) -> bool:
    """Whether line items are missing in Stripe's object, some or all."""
    found = object_at(data, "line_items")
    return not found or bool(found.get("has_more"))
