"""Stripe's API for what changes a sale: refunds, subscriptions, invoices, disputes, the portal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from billing.domain.stripe_objects import (
    DISPUTE,
    INVOICE,
    PAYMENT_METHOD,
    PORTAL_SESSION,
    REFUND,
    SUBSCRIPTION,
)
from billing.stripe_api.calls import StripeCalls

if TYPE_CHECKING:
    from collections.abc import Mapping

    from billing.domain.stripe_json import JSON
    from billing.domain.stripe_objects import Shape


class ActionCalls(StripeCalls):
    """Operations of the gateway that change what was sold. The same ``idempotency_key`` does it
    once. https://docs.stripe.com/api/idempotent_requests"""

    async def create_refund(self, params: Mapping[str, Any], idempotency_key: str) -> JSON:
        """https://docs.stripe.com/api/refunds/create"""
        return await self._post(REFUND, "/v1/refunds", params, idempotency_key)

    async def cancel_subscription(self, subscription_id: str) -> JSON:
        """At once; of a canceled one Stripe says that it does not exist.

        https://docs.stripe.com/api/subscriptions/cancel
        """
        return await self._call(SUBSCRIPTION, "delete", _path("subscriptions", subscription_id))

    async def update_subscription(
        self, subscription_id: str, params: Mapping[str, Any], idempotency_key: str
    ) -> JSON:
        """https://docs.stripe.com/api/subscriptions/update"""
        path = _path("subscriptions", subscription_id)
        return await self._post(SUBSCRIPTION, path, params, idempotency_key)

    async def resume_subscription(self, subscription_id: str, idempotency_key: str) -> JSON:
        """One whose status is paused. https://docs.stripe.com/api/subscriptions/resume"""
        path = _path("subscriptions", subscription_id, "resume")
        return await self._post(SUBSCRIPTION, path, {}, idempotency_key)

    async def create_portal_session(
        self, customer: str, return_url: str, idempotency_key: str
    ) -> JSON:
        """A link to the customer portal, for some minutes.

        https://docs.stripe.com/api/customer_portal/sessions/create
        """
        path = "/v1/billing_portal/sessions"
        params = {"customer": customer, "return_url": return_url}
        return await self._post(PORTAL_SESSION, path, params, idempotency_key)

    async def attach_payment_method(
        self, payment_method: str, customer: str, idempotency_key: str
    ) -> JSON:
        """https://docs.stripe.com/api/payment_methods/attach"""
        path = _path("payment_methods", payment_method, "attach")
        return await self._post(PAYMENT_METHOD, path, {"customer": customer}, idempotency_key)

    async def pay_invoice(self, invoice_id: str, idempotency_key: str) -> JSON:
        """Try to collect it now. https://docs.stripe.com/api/invoices/pay"""
        return await self._post(INVOICE, _path("invoices", invoice_id, "pay"), {}, idempotency_key)

    async def submit_evidence(self, dispute_id: str, text: str, idempotency_key: str) -> JSON:
        """Answer a dispute. https://docs.stripe.com/api/disputes/update"""
        params = {"evidence": {"uncategorized_text": text}, "submit": True}
        return await self._post(DISPUTE, _path("disputes", dispute_id), params, idempotency_key)

    async def close_dispute(self, dispute_id: str, idempotency_key: str) -> JSON:
        """Accept its loss; an inquiry is closed. https://docs.stripe.com/api/disputes/close"""
        return await self._post(
            DISPUTE, _path("disputes", dispute_id, "close"), {}, idempotency_key
        )

    async def _post(
        self, shape: Shape, path: str, params: Mapping[str, Any], idempotency_key: str
    ) -> JSON:
        return await self._call(shape, "post", path, params, idempotency_key=idempotency_key)


def _path(*parts: str) -> str:
    return "/v1/" + "/".join(quote(part, safe="") for part in parts)
