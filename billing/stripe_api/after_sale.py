"""Stripe's API for what follows a sale: refunds, disputes, subscriptions, invoices, customers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from billing.domain.stripe_objects import (
    CHECKOUT_SESSION,
    CUSTOMER,
    DISPUTE,
    ERASED,
    INVOICE,
    INVOICE_PAYMENT,
    REFUND,
    SUBSCRIPTION,
)
from billing.stripe_api.calls import StripeCalls

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from billing.domain.stripe_json import JSON
    from billing.stripe_api.requests import Page


class AfterSaleCalls(StripeCalls):
    """Operations of the gateway on what was sold. Lists are read to their end, no faster than the
    rate limit allows."""

    async def list_refunds(self, payment_intent: str) -> list[JSON]:
        """Those of a payment, the newest first. https://docs.stripe.com/api/refunds/list"""
        return await self._all(REFUND, "/v1/refunds", {"payment_intent": payment_intent})

    async def list_disputes(self, payment_intent: str) -> list[JSON]:
        """Those of a payment, the newest first. https://docs.stripe.com/api/disputes/list"""
        return await self._all(DISPUTE, "/v1/disputes", {"payment_intent": payment_intent})

    def refund_pages(self) -> AsyncIterator[Page]:
        """All refunds of the account, a page at a time, the newest first."""
        return self._pages(REFUND, "/v1/refunds", {})

    def dispute_pages(self) -> AsyncIterator[Page]:
        """All disputes of the account, a page at a time, the newest first."""
        return self._pages(DISPUTE, "/v1/disputes", {})

    def subscription_pages(self) -> AsyncIterator[Page]:
        """All subscriptions of the account, ended ones too, a page at a time, the newest first.

        https://docs.stripe.com/api/subscriptions/list
        """
        return self._pages(SUBSCRIPTION, "/v1/subscriptions", {"status": "all"})

    def invoice_pages(self) -> AsyncIterator[Page]:
        """All invoices of the account with what paid them, a page at a time, the newest first."""
        return self._pages(INVOICE, "/v1/invoices", {"expand": ["data.payments"]})

    def customer_pages(self) -> AsyncIterator[Page]:
        """All Customers of the account, a page at a time, the newest first.

        https://docs.stripe.com/api/customers/list
        """
        return self._pages(CUSTOMER, "/v1/customers", {})

    async def retrieve_subscription(self, subscription_id: str) -> JSON:
        """https://docs.stripe.com/api/subscriptions/retrieve"""
        path = f"/v1/subscriptions/{quote(subscription_id, safe='')}"
        return await self._call(SUBSCRIPTION, "get", path)

    async def list_subscriptions(self, customer: str) -> list[JSON]:
        """Those of a Customer that have not been canceled, the newest first."""
        return await self._all(SUBSCRIPTION, "/v1/subscriptions", {"customer": customer})

    async def list_invoices(self, subscription_id: str) -> list[JSON]:
        """Those of a subscription with what paid them, the newest first.

        https://docs.stripe.com/api/invoices/list
        """
        filters: dict[str, Any] = {"subscription": subscription_id, "expand": ["data.payments"]}
        return await self._all(INVOICE, "/v1/invoices", filters)

    async def invoice_paid_by(self, payment_intent: str) -> JSON | None:
        """The invoice that a PaymentIntent pays; None where it pays none.

        https://docs.stripe.com/api/invoice-payment/list
        """
        filters: dict[str, Any] = {
            "payment": {"type": "payment_intent", "payment_intent": payment_intent},
            "expand": ["data.invoice"],
            "limit": 1,
        }
        page = await self._listed(INVOICE_PAYMENT, "/v1/invoice_payments", filters)
        found = page.data[0].get("invoice") if page.data else None
        return found if isinstance(found, dict) else None

    async def list_customers(self, email: str) -> list[JSON]:
        """Those with exactly this email, the newest first.

        https://docs.stripe.com/api/customers/list
        """
        return await self._all(CUSTOMER, "/v1/customers", {"email": email})

    async def sessions_of_customer(self, customer: str) -> list[JSON]:
        """Their Checkout Sessions, the newest first.
        https://docs.stripe.com/api/checkout/sessions/list
        """
        return await self._all(CHECKOUT_SESSION, "/v1/checkout/sessions", {"customer": customer})

    async def sessions_with_email(self, email: str) -> list[JSON]:
        """The Checkout Sessions that exactly this email was given in, the newest first."""
        filters: dict[str, Any] = {"customer_details": {"email": email}}
        return await self._all(CHECKOUT_SESSION, "/v1/checkout/sessions", filters)

    async def erase_in_sandbox(self, ids: Sequence[str]) -> None:
        """Have the sandbox erase names and addresses of these Customers and Checkout Sessions, and
        of all that belongs to them. Stripe itself has no such call."""
        await self._call(ERASED, "post", f"/_control/erase/{','.join(ids)}")

    async def retrieve_customer(self, customer_id: str) -> JSON:
        """Of a deleted one ``deleted`` is true and little else is there.

        https://docs.stripe.com/api/customers/retrieve
        """
        path = f"/v1/customers/{quote(customer_id, safe='')}"
        return await self._call(CUSTOMER, "get", path)
