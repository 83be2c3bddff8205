"""Changing a subscription's plan in the portal, and what that would cost."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass

from stripe_sandbox.api.endpoint import NO_REQUEST
from stripe_sandbox.backend import Backend
from stripe_sandbox.payments.invoices.invoice_previews import InvoicePreviews
from stripe_sandbox.payments.subscriptions.changes import SubscriptionChanges
from stripe_sandbox.resources.billing.test_clocks import TestClocks
from stripe_sandbox.resources.billing_portal import plan_updates
from stripe_sandbox.storage.objects import Object


@dataclass(frozen=True)
class Plan:
    """A plan that the customer may choose: its Price and Product, and the least and the highest
    quantity (None: any), if that can be chosen."""

    price: Object
    product: Object
    quantities: tuple[int, int | None] | None
    is_current: bool


@dataclass(frozen=True)
class PlanPreview:
    """What a change would be charged: the invoice, and whether it comes at once."""

    invoice: Object
    is_due_now: bool


class PlanChanges:
    """Offers plans, says what a change costs, and makes it."""

    def __init__(
        self,
        backend: Backend,
        changes: SubscriptionChanges,
        previews: InvoicePreviews,
        test_clocks: TestClocks,
    ) -> None:
        self._backend = backend
        self._changes = changes
        self._previews = previews
        self._test_clocks = test_clocks

    def plans(self, subscription: Object, configuration: Object) -> list[Plan]:
        """The plans on offer in the subscription's currency, its own among them if that is."""
        feature = configuration["features"][plan_updates.FEATURE]
        allowed = feature["default_allowed_updates"]
        current = subscription["items"]["data"][0]["price"]["id"]
        found = []
        for offered in plan_updates.products(self._backend, configuration):
            product = self._backend.objects.get("product", offered["product"])
            adjustable = offered["adjustable_quantity"]
            quantities = None
            if "quantity" in allowed and adjustable["enabled"]:
                quantities = max(adjustable["minimum"], 1), adjustable.get("maximum")
            for identifier in offered["prices"]:
                price = self._backend.objects.get("price", identifier)
                is_current = identifier == current
                if price is None or product is None:
                    continue
                is_offered = "price" in allowed and price["active"] and product["active"]
                if price["currency"] == subscription["currency"] and (is_offered or is_current):
                    found.append(Plan(price, product, quantities, is_current))
        return found

    def preview(self, subscription: Object, params: Object) -> PlanPreview:
        """What the update with these parameters would be charged; nothing is changed. StripeError:
        it makes no sense."""
        backend = self._backend
        with backend.database.transaction(), self._test_clocks.time_of(subscription["customer"]):
            with backend.database.undone():
                invoice = self._previews.of_change(deepcopy(subscription), params)
            return PlanPreview(invoice, invoice["period_end"] <= backend.clock.now())

    def make(self, subscription: Object, params: Object) -> None:
        """Update the subscription. StripeError: it makes no sense, or was not paid, and nothing is
        changed then."""
        with (
            self._backend.database.transaction(),
            self._test_clocks.time_of(subscription["customer"]),
        ):
            pays = {**params, "payment_behavior": "error_if_incomplete"}
            self._changes.update(subscription, pays, NO_REQUEST)
