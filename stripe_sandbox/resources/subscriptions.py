"""Subscriptions (https://docs.stripe.com/api/subscriptions), as far as a Checkout makes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stripe.params._subscription_item_list_params import SubscriptionItemListParams
from stripe.params._subscription_list_params import SubscriptionListParams
from stripe.params._subscription_retrieve_params import SubscriptionRetrieveParams

from stripe_sandbox.api.endpoint import Call, Route
from stripe_sandbox.api.pagination import Page, chosen, listed, sliced, window_of
from stripe_sandbox.backend import World
from stripe_sandbox.ids import new_id
from stripe_sandbox.resources.billing_cycle import add_interval
from stripe_sandbox.resources.checkout_session_object import KIND as SESSION
from stripe_sandbox.resources.invoices import Invoices
from stripe_sandbox.scheduling.jobs import Agenda
from stripe_sandbox.schema.objects import shape, updated
from stripe_sandbox.storage.objects import Object

KIND = "subscription"
URL = "/v1/subscriptions"
ITEMS_URL = "/v1/subscription_items"
RENEWAL = "subscription.renewed"
"""What the agenda calls the end of a period."""

ENDED = ("canceled", "incomplete_expired")
LIVE = ("active", "incomplete", "past_due", "paused", "trialing", "unpaid")


class Subscriptions:
    """Begins subscriptions and shows them."""

    def __init__(self, world: World, agenda: Agenda, invoices: Invoices) -> None:
        self._world = world
        self._agenda = agenda
        self._invoices = invoices

    def routes(self) -> list[Route]:
        """The endpoints."""
        return [
            Route.listing(
                URL,
                self._list,
                SubscriptionListParams,
                KIND,
                ("collection_method", "created", "customer", "status"),
            ),
            Route("GET", URL + "/:id", self._retrieve, SubscriptionRetrieveParams, KIND),
            Route.listing(
                ITEMS_URL,
                self._items,
                SubscriptionItemListParams,
                "subscription_item",
                ("subscription",),
            ),
        ]

    def begin(
        self,
        session: Object,
        customer: Object,
        intent: Object,
        take: Callable[[], Object],
        *,
        delayed: bool,
    ) -> Object:
        """The subscription that the session sells, its first invoice paid through the intent:
        `take` takes the money once the invoice is final. With `delayed` the invoice stays open
        until the money arrives. The subscription is still `incomplete`, as Stripe announces it,
        until `settle`."""
        hidden = self._world.objects.hidden(SESSION, session["id"])
        subscription = self._new(session, customer, hidden)
        self._world.objects.insert(subscription)
        self._world.events.record("customer.subscription.created", subscription)
        invoice = self._invoices.first(subscription, customer, hidden["line_items"])
        intent["payment_details"] = shape(
            "payment_intent.PaymentDetails", {"order_reference": invoice["id"]}
        )
        self._invoices.expect(invoice, intent)
        take()
        if not delayed:
            self._invoices.pay(invoice, intent)
        return subscription

    def settle(self, subscription: Object, method: Object) -> None:
        """The first invoice is paid, or being paid: active, and the method pays the next ones.
        Records `customer.subscription.updated`."""
        previous = updated(
            subscription, {"default_payment_method": method["id"], "status": "active"}
        )
        self._world.objects.save(subscription)
        self._world.events.record("customer.subscription.updated", subscription, previous=previous)
        period_end = subscription["items"]["data"][0]["current_period_end"]
        self._agenda.add(period_end, RENEWAL, subscription["id"])

    def _new(self, session: Object, customer: Object, hidden: Object) -> Object:
        now = self._world.clock.now()
        identifier = new_id("sub")
        data: dict[str, Any] = hidden["subscription_data"]
        items = [
            _item(identifier, line, now)
            for line in hidden["line_items"]
            if line["price"]["recurring"]
        ]
        return shape(
            KIND,
            {
                "id": identifier,
                "object": KIND,
                "automatic_tax": shape("subscription.AutomaticTax", {"enabled": False}),
                "billing_cycle_anchor": now,
                "billing_mode": shape(
                    "subscription.BillingMode",
                    {"flexible": {"proration_discounts": "included"}, "type": "flexible"},
                ),
                "billing_schedules": [],
                "cancel_at_period_end": False,
                "cancellation_details": shape("subscription.CancellationDetails", {}),
                "collection_method": "charge_automatically",
                "created": now,
                "currency": session["currency"],
                "customer": customer["id"],
                "default_tax_rates": [],
                "description": data.get("description"),
                "discounts": [],
                "invoice_settings": shape(
                    "subscription.InvoiceSettings",
                    {"issuer": shape("subscription.InvoiceSettings.Issuer", {"type": "self"})},
                ),
                "items": listed(f"{ITEMS_URL}?subscription={identifier}", items),
                "latest_invoice": new_id("in"),
                "livemode": False,
                "metadata": data.get("metadata", {}),
                "payment_settings": shape(
                    "subscription.PaymentSettings",
                    {
                        "payment_method_types": session["payment_method_types"],
                        "save_default_payment_method": "off",
                    },
                ),
                "start_date": now,
                "status": "incomplete",
                "trial_settings": shape(
                    "subscription.TrialSettings",
                    {
                        "end_behavior": shape(
                            "subscription.TrialSettings.EndBehavior",
                            {"missing_payment_method": "create_invoice"},
                        )
                    },
                ),
            },
        )

    def _retrieve(self, call: Call) -> Object:
        return self._world.require(KIND, call.ids[0], "id", status=404)

    def _list(self, call: Call) -> Page:
        filters = chosen(call.params, "collection_method", "customer")
        status = call.params.get("status")
        if status is None:
            filters["status"] = LIVE
        elif status == "ended":
            filters["status"] = ENDED
        elif status != "all":
            filters["status"] = status
        return self._world.page(KIND, URL, filters, window_of(call.params))

    def _items(self, call: Call) -> Object:
        subscription = self._world.require(KIND, call.params["subscription"], "subscription")
        return sliced(ITEMS_URL, subscription["items"]["data"], call.params, "subscription_item")


def _item(subscription: str, line: Object, now: int) -> Object:
    price = line["price"]
    recurring = price["recurring"]
    end = add_interval(now, recurring["interval"], recurring["interval_count"])
    return shape(
        "subscription_item",
        {
            "id": new_id("si", 14),
            "object": "subscription_item",
            "created": now,
            "current_period_end": end,
            "current_period_start": now,
            "discounts": [],
            "metadata": line["metadata"] or {},
            "plan": plan_of(price),
            "price": price,
            "quantity": line["quantity"],
            "subscription": subscription,
            "tax_rates": [],
        },
    )


def plan_of(price: Object) -> Object:
    """The Plan that a recurring Price is, too, for Stripe's older integrations."""
    recurring = price["recurring"]
    return shape(
        "plan",
        {
            "id": price["id"],
            "object": "plan",
            "active": price["active"],
            "amount": price["unit_amount"],
            "amount_decimal": price["unit_amount_decimal"],
            "billing_scheme": price["billing_scheme"],
            "created": price["created"],
            "currency": price["currency"],
            "interval": recurring["interval"],
            "interval_count": recurring["interval_count"],
            "livemode": False,
            "metadata": price["metadata"],
            "nickname": price["nickname"],
            "product": price["product"],
            "usage_type": recurring["usage_type"],
        },
    )
