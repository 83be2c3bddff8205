"""What a request about a subscription may say, as in parameter_cases."""

from __future__ import annotations

from typing import Any

from tests.stripe_sandbox.api.portal_cases import Case


def _cases(base: dict[str, Any], **values: Any) -> list[Case]:
    return [(base, name, value) for name, value in values.items()]


_DISCOUNTED = {"discounts.0.coupon": "COUPON", "discounts.0.promotion_code": "PROMOTES"}
_ADDED: dict[str, Any] = {"subscription": "SUBSCRIBED", "price": "CHEAPER"}
_MONTHLY: dict[str, Any] = {
    "customer": "CUSTOMER", "default_payment_method": "METHOD",
    "items": [{"price": "MONTHLY"}], "payment_behavior": "default_incomplete",
}  # fmt: skip

_DATA: dict[str, Any] = {
    "currency": "usd", "product": "PRODUCT", "unit_amount": 500,
    "recurring": {"interval": "month"},
}  # fmt: skip

SUBSCRIPTION_REFUSED: dict[str, list[Case]] = {
    "POST /v1/subscriptions": _cases(
        _MONTHLY, **{"automatic_tax.enabled": True, "billing_mode.type": "classic"}
    ),
}

SUBSCRIPTION_SHOWN: dict[str, list[Case]] = {
    "POST /v1/subscriptions/:subscription": [
        *_cases(
            {},
            **{
                "cancel_at": "SOON", "cancel_at_period_end": True, "description": "Mine",
                "cancellation_details.comment": "Bye", "cancellation_details.feedback": "other",
                "metadata": {"a": "b"},
                "pause_collection.behavior": "void",
            },
        ),
        ({"pause_collection": {"behavior": "void"}}, "pause_collection.resumes_at", "SOON"),
        *_cases(
            {},
            trial_end="LATER",
            **{
                "billing_cycle_anchor.type": "now", "discounts.0.coupon": "COUPON",
                "discounts.0.promotion_code": "PROMOTES",
                "payment_settings.save_default_payment_method": "on_subscription",
                "trial_settings.end_behavior.missing_payment_method": "pause",
            },
        ),
        *_cases(
            {"items": [{"id": "ITEM"}]},
            **{
                "items.0.discounts.0.coupon": "COUPON",
                "items.0.discounts.0.promotion_code": "PROMOTES",
            },
        ),
        *_cases(
            {"items": [{"id": "ITEM"}]},
            **{
                "items.0.metadata": {"a": "b"}, "items.0.price": "CHEAPER",
                "items.0.quantity": 3,
            },
        ),
        ({"items": [{"id": "ITEM", "price_data": _DATA}]}, "items.0.price_data.unit_amount", 600),
        ({"collection_method": "send_invoice", "days_until_due": 5}, "days_until_due", 6),
        *_cases(
            {"items": [{"id": "ITEM", "quantity": 3}]},
            proration_behavior="none", proration_date="SOON",
        ),
        ({"items": [{"quantity": 3}]}, "items.0.id", "ITEM"),
    ],
    "POST /v1/subscription_items": [
        ({**_ADDED, "price": "NONE"}, "price", "CHEAPER"),
        *_cases(_ADDED, metadata={"a": "b"}, quantity=3),
        (
            {"subscription": "SUBSCRIBED", "price_data": _DATA},
            "price_data.unit_amount", 600,
        ),
        *_cases(_ADDED, proration_behavior="none", proration_date="SOON"),
        *_cases(_ADDED, **_DISCOUNTED),
    ],
    "POST /v1/subscription_items/:item": [
        *_cases({}, metadata={"a": "b"}, price="CHEAPER", quantity=3),
        ({"price_data": _DATA}, "price_data.unit_amount", 600),
        *_cases({}, **_DISCOUNTED),
        *_cases({"quantity": 3}, proration_behavior="none", proration_date="SOON"),
    ],
    "DELETE /v1/subscriptions/:subscription": [
        ({"prorate": True}, "invoice_now", True),
        *_cases(
            {},
            prorate=True,
            **{"cancellation_details.comment": "Bye", "cancellation_details.feedback": "other"},
        ),
    ],
    "POST /v1/subscriptions": [
        ({**_MONTHLY, "currency": "eur"}, "currency", "usd"),
        *_cases(
            _MONTHLY,
            description="Mine", metadata={"a": "b"}, payment_behavior="allow_incomplete",
            **{"items.0.metadata": {"a": "b"}, "items.0.quantity": 3},
        ),
        *_cases(
            _MONTHLY, trial_end="LATER", trial_period_days=7,
            billing_cycle_anchor="LATER", cancel_at="LATER", cancel_at_period_end=True,
            **{
                "discounts.0.coupon": "COUPON", "discounts.0.promotion_code": "PROMOTES",
                "items.0.discounts.0.coupon": "COUPON",
                "items.0.discounts.0.promotion_code": "PROMOTES",
                "payment_settings.save_default_payment_method": "on_subscription",
            },
        ),
        (
            {**_MONTHLY, "trial_period_days": 7},
            "trial_settings.end_behavior.missing_payment_method", "pause",
        ),
        ({**_MONTHLY, "billing_cycle_anchor": "LATER"}, "proration_behavior", "none"),
        ({**_MONTHLY, "customer": "cus_none"}, "customer", "CUSTOMER"),
        (
            {**_MONTHLY, "collection_method": "send_invoice", "days_until_due": 5},
            "days_until_due", 6,
        ),
        *_cases(
            {**_MONTHLY, "add_invoice_items": [{"price": "PRICE"}]},
            **{"add_invoice_items.0.quantity": 2},
        ),
        ({**_MONTHLY, "items": [{"price_data": _DATA}]}, "items.0.price_data.unit_amount", 600),
        ({**_MONTHLY, "items": [{"quantity": 1}]}, "items.0.price", "MONTHLY"),
    ],
}  # fmt: skip
