"""The shape of a subscription and of its items
(https://docs.stripe.com/api/subscriptions/object)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_sandbox.api.pagination import list_object
from stripe_sandbox.ids import new_id
from stripe_sandbox.resources.billing.billing_cycle import add_interval
from stripe_sandbox.schema.objects import build
from stripe_sandbox.schema.plans import plan_of
from stripe_sandbox.storage.objects import Object

KIND = "subscription"
ITEMS_URL = "/v1/subscription_items"
DAY_SECONDS = 86_400
MAXIMUM_OF_ITEMS = 20


def new_subscription(
    customer: Object,
    line_items: list[Object],
    data: dict[str, Any],
    method_types: list[str] | None,
    now: int,
) -> Object:
    """A subscription to the lines' recurring Prices from now on, `incomplete` or `trialing`; `data`
    is that of `Subscriptions.create`."""
    identifier = new_id("sub")
    trial_end = end_of_trial(data, now)
    anchor = trial_end or data.get("billing_cycle_anchor")
    items = [
        new_item(identifier, line, now, (now, anchor or _first_end(line, now)))
        for line in line_items
        if line["price"]["recurring"]
    ]
    saves = data.get("payment_settings", {}).get("save_default_payment_method", "off")
    at_its_end = data.get("trial_settings", {}).get("end_behavior", {})
    return build(
        KIND,
        {
            "id": identifier,
            "object": KIND,
            "automatic_tax": build("subscription.AutomaticTax", {"enabled": False}),
            "billing_cycle_anchor": anchor or now,
            "billing_mode": build(
                "subscription.BillingMode",
                {"flexible": {"proration_discounts": "included"}, "type": "flexible"},
            ),
            "billing_schedules": [],
            "cancel_at": _cancel_at(data, items),
            "cancel_at_period_end": data.get("cancel_at_period_end", False),
            "canceled_at": now if _cancel_at(data, items) else None,
            "cancellation_details": build("subscription.CancellationDetails", {}),
            "collection_method": data.get("collection_method", "charge_automatically"),
            "created": now,
            "currency": line_items[0]["currency"],
            "customer": customer["id"],
            "days_until_due": data.get("days_until_due"),
            "default_tax_rates": [],
            "description": data.get("description"),
            "discounts": [],
            "invoice_settings": build(
                "subscription.InvoiceSettings",
                {"issuer": build("subscription.InvoiceSettings.Issuer", {"type": "self"})},
            ),
            "items": list_object(f"{ITEMS_URL}?subscription={identifier}", items),
            "latest_invoice": new_id("in"),
            "livemode": False,
            "metadata": data.get("metadata", {}),
            "payment_settings": build(
                "subscription.PaymentSettings",
                {
                    "payment_method_types": method_types,
                    "save_default_payment_method": saves,
                },
            ),
            "start_date": now,
            "status": "trialing" if trial_end else "incomplete",
            "test_clock": customer["test_clock"],
            "trial_settings": build(
                "subscription.TrialSettings",
                {
                    "end_behavior": build(
                        "subscription.TrialSettings.EndBehavior",
                        {
                            "missing_payment_method": at_its_end.get(
                                "missing_payment_method", "create_invoice"
                            )
                        },
                    )
                },
            ),
            "trial_end": trial_end,
            "trial_start": now if trial_end else None,
        },
    )


def end_of_trial(data: Mapping[str, Any], now: int) -> int | None:
    """When the trial ends that begins now, by `trial_end` or `trial_period_days`, in Unix seconds;
    None: there is none."""
    if "trial_period_days" in data:
        return now + int(data["trial_period_days"]) * DAY_SECONDS
    end: int | None = data.get("trial_end")
    return end


def _cancel_at(data: Mapping[str, Any], items: list[Object]) -> int | None:
    at: int | str | None = data.get("cancel_at")
    if isinstance(at, str) or data.get("cancel_at_period_end"):
        end: int = items[0]["current_period_end"]
        return end
    return at


def _first_end(line: Object, now: int) -> int:
    recurring = line["price"]["recurring"]
    return add_interval(now, recurring["interval"], recurring["interval_count"])


def new_item(subscription: str, line: Object, now: int, period: tuple[int, int]) -> Object:
    """The item of the subscription of that id for the line (`price`, `quantity`, `metadata`, and
    perhaps `discount_ids`), with the start and end of its period in Unix seconds."""
    price = line["price"]
    return build(
        "subscription_item",
        {
            "id": new_id("si", 14),
            "object": "subscription_item",
            "created": now,
            "current_period_end": period[1],
            "current_period_start": period[0],
            "discounts": line.get("discount_ids", []),
            "metadata": line["metadata"] or {},
            "plan": plan_of(price),
            "price": price,
            "quantity": line["quantity"],
            "subscription": subscription,
            "tax_rates": [],
        },
    )
