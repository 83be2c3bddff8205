"""Stripe's API: every operation that this product uses.

Objects come back as Stripe's JSON; everything else is a ``StripeFailure``.
https://docs.stripe.com/api
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from billing.domain.stripe_json import JSON
from billing.domain.stripe_objects import (
    ACCOUNT,
    CHECKOUT_SESSION,
    EVENT,
    INVOICE_PAYMENT,
    LINE_ITEM,
    LIST,
    OBJECT,
    PAYMENT_INTENT,
    PRICE,
)
from billing.errors import StripeFailure
from billing.stripe_api.actions import ActionCalls
from billing.stripe_api.after_sale import AfterSaleCalls
from billing.stripe_api.calls import PAGE_SIZE
from billing.stripe_api.endpoints import EndpointCalls
from billing.stripe_api.requests import MISSING_SESSION_ID, Page

if TYPE_CHECKING:
    from collections.abc import Mapping


__all__ = ["PAGE_SIZE", "StripeGateway"]


class StripeGateway(AfterSaleCalls, ActionCalls, EndpointCalls):
    """Stripe's API as this product uses it. Lives on one event loop; close it with ``aclose``.

    Every method answers with Stripe's own object as a dict and raises ``StripeFailure`` when
    Stripe refuses or cannot be reached, ``NotConfigured`` when there is no usable key.
    """

    async def create_checkout_session(
        self, params: Mapping[str, Any], idempotency_key: str | None = None
    ) -> tuple[JSON, str | None]:
        """The session, and the id of the request that created it.

        https://docs.stripe.com/api/checkout/sessions/create
        """
        path = "/v1/checkout/sessions"
        answer = await self._requests.send(
            CHECKOUT_SESSION, "post", path, params, idempotency_key=idempotency_key
        )
        return answer.document, answer.request_id

    async def retrieve_checkout_session(
        self,
        session_id: str,
        *,
        with_line_items: bool = False,
        with_subscription: bool = False,
        with_payments: bool = False,
    ) -> JSON:
        """``with_line_items`` adds the first of them, ``with_subscription`` the whole of it where
        the key may read those, ``with_payments`` which PaymentIntents paid its invoice.

        https://docs.stripe.com/api/checkout/sessions/retrieve
        """
        expand = ["line_items"] * with_line_items + ["invoice.payments"] * with_payments
        path = f"/v1/checkout/sessions/{session_id}"
        if with_subscription:
            try:
                params = {"expand": [*expand, "subscription"]}
                return await self._call(CHECKOUT_SESSION, "get", path, params)
            except StripeFailure as failure:
                if not failure.is_forbidden:
                    raise
        params = {"expand": expand} if expand else {}
        return await self._call(CHECKOUT_SESSION, "get", path, params)

    async def list_line_items(self, session_id: str, **filters: Any) -> Page:
        """https://docs.stripe.com/api/checkout/sessions/line_items"""
        path = f"/v1/checkout/sessions/{session_id}/line_items"
        return await self._listed(LINE_ITEM, path, filters)

    async def retrieve_payment_intent(self, intent_id: str) -> JSON:
        """https://docs.stripe.com/api/payment_intents/retrieve"""
        return await self._call(PAYMENT_INTENT, "get", f"/v1/payment_intents/{intent_id}")

    async def list_invoice_payments(self, invoice_id: str) -> Page:
        """What paid an invoice, with each PaymentIntent. https://docs.stripe.com/api/invoice-payment/list"""
        filters = {"invoice": invoice_id, "expand": ["data.payment.payment_intent"]}
        return await self._listed(INVOICE_PAYMENT, "/v1/invoice_payments", filters)

    async def expire_checkout_session(self, session_id: str) -> JSON:
        """An open one only; of any other Stripe says no.

        https://docs.stripe.com/api/checkout/sessions/expire
        """
        path = f"/v1/checkout/sessions/{session_id}/expire"
        return await self._call(CHECKOUT_SESSION, "post", path)

    async def check_read_permission(self, path: str) -> None:
        """Ask for one object of the list at ``path``; ``StripeFailure`` where the key may not."""
        await self._call(LIST, "get", path, {"limit": 1})

    async def check_session_write_permission(self) -> None:
        """``StripeFailure`` where the key may not write Checkout Sessions. Nothing is written: the
        session that Stripe is asked to expire does not exist."""
        try:
            await self.expire_checkout_session(MISSING_SESSION_ID)
        except StripeFailure as failure:
            if not failure.is_missing:
                raise

    async def list_checkout_sessions(self, **filters: Any) -> Page:
        """A page, the newest first, each with the first of its line items and with its
        subscription, where the key may read those; no faster than the rate limit allows.

        https://docs.stripe.com/api/checkout/sessions/list
        """
        path = "/v1/checkout/sessions"
        expand = ["data.line_items", "data.subscription"]
        try:
            return await self._listed(CHECKOUT_SESSION, path, {**filters, "expand": expand})
        except StripeFailure as failure:
            if not failure.is_forbidden:
                raise
        return await self._listed(CHECKOUT_SESSION, path, {**filters, "expand": expand[:1]})

    async def list_events(self, **filters: Any) -> Page:
        """A page, the newest first, of the last 30 days. https://docs.stripe.com/api/events/list"""
        return await self._listed(EVENT, "/v1/events", filters)

    async def send(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> JSON:
        """The object that any operation answers with, for what the Test kit does as somebody in
        Stripe's Dashboard would: ``send("post", "/v1/test_helpers/test_clocks", …)``."""
        return await self._call(
            OBJECT, method, quote(path), params, idempotency_key=idempotency_key
        )

    async def list_objects(self, path: str, **filters: Any) -> Page:
        """A page of any list: ``list_objects("/v1/charges", payment_intent=…)``."""
        return await self._listed(OBJECT, path, filters)

    async def retrieve_object(self, path: str) -> JSON:
        """An object that a thin event names, by its path: ``/v1/refunds/re_…``."""
        return await self._call(OBJECT, "get", quote(path))

    async def retrieve_price(self, price_id: str) -> JSON:
        """With its product expanded. https://docs.stripe.com/api/prices/retrieve"""
        path = f"/v1/prices/{quote(price_id, safe='')}"
        return await self._call(PRICE, "get", path, {"expand": ["product"]})

    async def list_prices(self, lookup_key: str) -> list[JSON]:
        """The active Prices that hold the key: one or none. https://docs.stripe.com/api/prices/list"""
        filters = {"lookup_keys": [lookup_key], "active": True, "limit": 1}
        return (await self._requests.page(PRICE, "/v1/prices", filters)).data

    async def create_price(self, params: Mapping[str, Any], idempotency_key: str) -> JSON:
        """With its product, where ``product_data`` is given.

        https://docs.stripe.com/api/prices/create
        """
        return await self._call(
            PRICE, "post", "/v1/prices", params, idempotency_key=idempotency_key
        )

    async def retrieve_account(self) -> JSON:
        """The account of the key. https://docs.stripe.com/api/accounts/retrieve"""
        return await self._call(ACCOUNT, "get", "/v1/account")
