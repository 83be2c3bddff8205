"""What a request may say: values that are taken, with what they are added to, and values that are
refused."""

from __future__ import annotations

from typing import Any

from tests.stripe_sandbox.api.intent_cases import (
    INTENT_REFUSED,
    INTENT_SHOWN,
    METHOD_SHOWN,
    SETUP_SHOWN,
)
from tests.stripe_sandbox.api.invoice_cases import INVOICE_SHOWN
from tests.stripe_sandbox.api.portal_cases import PORTAL_REFUSED, PORTAL_SHOWN, Case
from tests.stripe_sandbox.api.subscription_cases import SUBSCRIPTION_REFUSED, SUBSCRIPTION_SHOWN

PRICE_DATA = {"currency": "usd", "unit_amount": 500, "product_data": {"name": "Tea"}}
_LINE = {"price_data": PRICE_DATA, "quantity": 2}
SELLS = {"mode": "payment", "line_items": [_LINE], "success_url": "http://shop.example/"}
_ADJUSTABLE = {**_LINE, "adjustable_quantity": {"enabled": True}}
_EMBEDDED = {"mode": "payment", "line_items": [_LINE], "ui_mode": "embedded_page"}
_CUSTOM_FIELD = {"key": "a", "label": {"type": "custom", "custom": "Size"}, "type": "text"}
_DEFAULT_PRICE = {
    "name": "Tea",
    "default_price_data": {
        "currency": "usd", "unit_amount": 500, "recurring": {"interval": "month"},
    },
    "expand": ["default_price.currency_options"],
}  # fmt: skip
_OPTIONS_SHOWN = {**PRICE_DATA, "expand": ["currency_options"]}
_PLAN = {**PRICE_DATA, "recurring": {"interval": "month"}}
_SUBSCRIBES = {
    "mode": "subscription",
    "line_items": [{"quantity": 1, "price_data": _PLAN}],
    "success_url": "http://shop.example/",
}
_ADDRESS = {"city": "Kiel", "country": "DE", "line1": "Weg 1"}
ENDPOINT = {"url": "http://127.0.0.1:9/hook", "enabled_events": ["customer.created"]}


def _line(name: str, value: Any) -> Case:
    return SELLS, f"line_items.0.{name}", value


def _cases(base: dict[str, Any], **values: Any) -> list[Case]:
    return [(base, name, value) for name, value in values.items()]


_PRODUCT: dict[str, Any] = {
    "active": False, "description": "Fine", "images": ["http://a.example/x.png"],
    "metadata": {"a": "b"}, "name": "Coffee", "shippable": True, "statement_descriptor": "TEA",
    "unit_label": "cup", "url": "http://a.example/",
}  # fmt: skip
_CUSTOMER: dict[str, Any] = {
    "address": _ADDRESS, "balance": -500, "business_name": "Tea Ltd", "description": "Fine",
    "email": "ann@example.com", "individual_name": "Ann", "metadata": {"a": "b"}, "name": "Ann",
    "phone": "+49", "preferred_locales": ["de"],
    "shipping": {"name": "Ann", "address": _ADDRESS}, "tax_exempt": "exempt",
}  # fmt: skip

_EVIDENCE = (
    "access_activity_log", "billing_address", "cancellation_policy_disclosure",
    "cancellation_rebuttal", "customer_email_address", "customer_name", "customer_purchase_ip",
    "duplicate_charge_explanation", "duplicate_charge_id", "product_description",
    "refund_policy_disclosure", "refund_refusal_explanation", "service_date", "shipping_address",
    "shipping_carrier", "shipping_date", "shipping_tracking_number", "uncategorized_text",
)  # fmt: skip


_PROMOTES = {"promotion": {"type": "coupon", "coupon": "COUPON"}}

SHOWN: dict[str, list[Case]] = {
    # First, as it takes renewals: of all the subscriptions that are there.
    "POST /v1/invoices/:invoice/pay": _cases({}, paid_out_of_band=True, payment_method="METHOD"),
    **PORTAL_SHOWN,
    **INTENT_SHOWN,
    **INVOICE_SHOWN,
    **SUBSCRIPTION_SHOWN,
    "POST /v1/customers": [
        *_cases({}, **_CUSTOMER, test_clock="TESTCLOCK"),
        (
            {"payment_method": "pm_card_visa"},
            "invoice_settings.default_payment_method", "pm_card_visa",
        ),
        (
            {"invoice_settings": {"default_payment_method": "pm_card_visa"}},
            "payment_method", "pm_card_visa",
        ),
    ],
    "POST /v1/test_helpers/test_clocks": _cases(
        {"frozen_time": 2_000_000_000}, frozen_time=2_000_000_001, name="Mine"
    ),
    "POST /v1/test_helpers/test_clocks/:test_clock/advance": _cases(
        {"frozen_time": 2_000_000_001}, frozen_time=2_000_000_002
    ),
    "POST /v1/customers/:customer": _cases({}, **_CUSTOMER),
    "POST /v1/customers/:customer/balance_transactions": [
        *_cases(
            {"amount": -500, "currency": "usd"},
            amount=-700, currency="eur", description="Sorry", metadata={"a": "b"},
        ),
    ],
    "POST /v1/customers/:customer/balance_transactions/:transaction": _cases(
        {}, description="Sorry", metadata={"a": "b"}
    ),
    "POST /v1/products": [
        *_cases({"name": "Tea"}, id="tea_1", type="good", **_PRODUCT),
        *_cases(
            _DEFAULT_PRICE,
            **{
                "default_price_data.currency": "eur",
                "default_price_data.currency_options.gbp.unit_amount": 450,
                "default_price_data.metadata": {"a": "b"},
                "default_price_data.recurring.interval": "year",
                "default_price_data.recurring.interval_count": 2,
                "default_price_data.tax_behavior": "exclusive",
                "default_price_data.unit_amount": 700,
            },
        ),
        ({"name": "Tea"}, "marketing_features.0.name", "Fresh"),
    ],
    "POST /v1/products/:product": [
        *_cases({}, default_price="PRICE", **_PRODUCT),
        ({}, "marketing_features.0.name", "Fresh"),
    ],
    "POST /v1/prices": [
        *_cases(
            PRICE_DATA, active=False, currency="eur", lookup_key="tea", metadata={"a": "b"},
            nickname="Tea", tax_behavior="exclusive", unit_amount=700,
        ),
        *_cases({"currency": "usd", "unit_amount": 500}, product="PRODUCT"),
        (_OPTIONS_SHOWN, "currency_options.eur.unit_amount", 450),
        ({**PRICE_DATA, "lookup_key": "taken"}, "transfer_lookup_key", True),
        *_cases(
            PRICE_DATA,
            **{
                f"product_data.{name}": _PRODUCT[name]
                for name in ("active", "metadata", "name", "statement_descriptor", "unit_label")
            },
        ),
        (PRICE_DATA, "product_data.id", "tea_2"),
        (PRICE_DATA, "recurring.interval", "week"),
        (_PLAN, "recurring.interval_count", 2),
    ],
    "POST /v1/coupons": [
        *_cases(
            {"percent_off": 10}, duration="forever", id="coupon_1", max_redemptions=5,
            metadata={"a": "b"}, name="Fine", percent_off=20, redeem_by="SOON",
        ),
        ({"percent_off": 10, "duration": "repeating"}, "duration_in_months", 3),
        ({"currency": "usd"}, "amount_off", 50),
        ({"amount_off": 50}, "currency", "eur"),
        ({"percent_off": 10, "applies_to": {}, "expand": ["applies_to"]},
         "applies_to.products", ["PRODUCT"]),
    ],
    "POST /v1/coupons/:coupon": _cases({}, metadata={"a": "b"}, name="Fine"),
    "POST /v1/promotion_codes": [
        *_cases(
            _PROMOTES, active=False, customer="CUSTOMER", expires_at="SOON", max_redemptions=5,
            metadata={"a": "b"}, code="Code-1", **{"restrictions.first_time_transaction": True},
        ),
        ({"promotion": {"type": "coupon"}}, "promotion.coupon", "COUPON"),
        ({"promotion": {"coupon": "COUPON"}}, "promotion.type", "coupon"),
        ({**_PROMOTES, "restrictions": {"minimum_amount_currency": "usd"}},
         "restrictions.minimum_amount", 50),
        ({**_PROMOTES, "restrictions": {"minimum_amount": 50}},
         "restrictions.minimum_amount_currency", "usd"),
    ],
    "POST /v1/promotion_codes/:promotion_code": _cases({}, metadata={"a": "b"}, active=False),
    "POST /v1/prices/:price": [
        *_cases(
            {}, active=False, lookup_key="green", metadata={"a": "b"}, nickname="Tea",
            tax_behavior="exclusive",
        ),
        ({"lookup_key": "taken"}, "transfer_lookup_key", True),
        ({"expand": ["currency_options"]}, "currency_options.eur.unit_amount", 450),
    ],
    "POST /v1/webhook_endpoints": _cases(
        ENDPOINT, description="Mine", enabled_events=["*"], metadata={"a": "b"},
        url="http://127.0.0.1:9/other",
    ),
    "POST /v1/webhook_endpoints/:webhook_endpoint": _cases(
        {}, description="Mine", disabled=True, enabled_events=["*"], metadata={"a": "b"},
        url="http://127.0.0.1:9/other",
    ),
    "POST /v1/refunds": [
        *_cases({"charge": "CHARGE"}, amount=7, metadata={"a": "b"}, reason="duplicate"),
        ({}, "charge", "CHARGE"),
        ({}, "payment_intent", "INTENT"),
    ],
    "POST /v1/disputes/:dispute": [
        *_cases({}, metadata={"a": "b"}, submit=True),
        *(({}, f"evidence.{name}", "It was used.") for name in _EVIDENCE),
    ],
    "POST /v1/payment_methods": METHOD_SHOWN,
    "POST /v1/payment_methods/:payment_method/attach": [({}, "customer", "CUSTOMER")],
    "POST /v1/charges/:charge": _cases(
        {}, description="Tea", metadata={"a": "b"}, receipt_email="ann@example.com",
        shipping={"name": "Ann", "address": _ADDRESS}, transfer_group="tea",
        **{"fraud_details.user_report": "safe"},
    ),
    "POST /v1/payment_methods/:payment_method": _cases(
        {}, allow_redisplay="always", metadata={"a": "b"},
        **{
            "billing_details.address": _ADDRESS, "billing_details.email": "a@example.com",
            "billing_details.name": "Ann", "billing_details.phone": "+49", "card.exp_month": 11,
            "card.exp_year": 2041,
        },
    ),
    "POST /v1/setup_intents/:setup_intent": _cases(
        {}, allowed_payment_method_types=["card"], customer="CUSTOMER", description="Mine",
        metadata={"a": "b"}, payment_method="pm_card_visa",
    ),
    "POST /v1/refunds/:refund": _cases({}, metadata={"a": "b"}),
    "POST /v1/checkout/sessions/:session": _cases({}, metadata={"a": "b"}),
    "POST /v1/checkout/sessions": [
        *_cases(
            SELLS,
            allow_promotion_codes=True, allowed_payment_method_types=["card"],
            billing_address_collection="required",
            cancel_url="http://shop.example/cart", client_reference_id="7", customer="CUSTOMER",
            customer_creation="always", customer_email="ann@example.com", expires_at="SOON",
            integration_identifier="mine", locale="en", metadata={"a": "b"},
            origin_context="mobile_app", submit_type="donate",
            success_url="http://shop.example/thanks",
        ),
        *_cases(
            SELLS,
            **{
                "payment_intent_data.capture_method": "automatic",
                "payment_intent_data.description": "Tea",
                "payment_intent_data.metadata": {"a": "b"},
                "payment_intent_data.receipt_email": "ann@example.com",
                "payment_intent_data.setup_future_usage": "on_session",
                "payment_intent_data.statement_descriptor": "TEA",
                "payment_intent_data.statement_descriptor_suffix": "TEA",
                "saved_payment_method_options.allow_redisplay_filters": ["limited"],
                "saved_payment_method_options.payment_method_remove": "enabled",
                "saved_payment_method_options.payment_method_save": "enabled",
                "tax_id_collection.enabled": False,
            },
        ),
        *_cases(
            _SUBSCRIBES,
            **{
                "payment_method_collection": "if_required",
                "subscription_data.description": "Tea",
                "subscription_data.trial_end": "LATER",
                "subscription_data.trial_period_days": 7,
                "subscription_data.metadata": {"a": "b"},
                "line_items.0.price_data.recurring.interval": "year",
            },
        ),
        *_cases(
            SELLS,
            **{
                "custom_fields": [_CUSTOM_FIELD],
                "custom_text.after_submit.message": "Thank you",
                "custom_text.submit.message": "Almost there",
                "invoice_creation.enabled": True,
                "phone_number_collection.enabled": True,
            },
        ),
        *_cases(
            {**SELLS, "invoice_creation": {"enabled": True}},
            **{
                "invoice_creation.invoice_data.custom_fields": [{"name": "a", "value": "b"}],
                "invoice_creation.invoice_data.description": "Tea",
                "invoice_creation.invoice_data.footer": "Tea",
                "invoice_creation.invoice_data.metadata": {"a": "b"},
            },
        ),
        *_cases(
            {**SELLS, "customer": "CUSTOMER"},
            **{"customer_update.address": "auto", "customer_update.name": "auto"},
        ),
        *_cases(
            {**_EMBEDDED, "return_url": "http://shop.example/"},
            return_url="http://shop.example/back", redirect_on_completion="if_required",
            ui_mode="elements",
        ),
        (
            {**_SUBSCRIBES, "subscription_data": {"trial_period_days": 7}},
            "subscription_data.trial_settings.end_behavior.missing_payment_method", "pause",
        ),
        ({**SELLS, "line_items": [{"quantity": 2}]}, "line_items.0.price", "PRICE"),
        ({**SELLS, "line_items": [{"quantity": 2, "price": "EUROS"}]}, "currency", "eur"),
        *SETUP_SHOWN,
        (SELLS, "discounts.0.coupon", "COUPON"),
        (SELLS, "discounts.0.promotion_code", "PROMOTES"),
        _line("adjustable_quantity.enabled", True),
        ({**SELLS, "line_items": [_ADJUSTABLE]}, "line_items.0.adjustable_quantity.maximum", 7),
        ({**SELLS, "line_items": [_ADJUSTABLE]}, "line_items.0.adjustable_quantity.minimum", 1),
        _line("metadata", {"a": "b"}),
        _line("quantity", 3),
        _line("price_data.currency", "eur"),
        _line("price_data.unit_amount", 700),
        _line("price_data.tax_behavior", "inclusive"),
        *(
            _line(f"price_data.product_data.{name}", _PRODUCT[name])
            for name in ("description", "images", "metadata", "name", "unit_label")
        ),
        (
            {
                **SELLS,
                "line_items": [
                    {"price_data": {"currency": "usd", "unit_amount": 99}, "quantity": 9}
                ],
            },
            "line_items.0.price_data.product", "PRODUCT",
        ),
    ],
}  # fmt: skip

REFUSED: dict[str, list[Case]] = {
    "POST /v1/checkout/sessions": _cases(
        SELLS,
        **{
            "adaptive_pricing.enabled": True,
            "automatic_tax.enabled": True,
            "locale": "de",
            "payment_intent_data.capture_method": "manual",
            "tax_id_collection.enabled": True,
            "ui_mode": "form",
        },
    )
    + _cases({**SELLS, "customer": "cus_1"}, **{"customer_update.shipping": "auto"}),
    "POST /v1/prices": _cases(
        _PLAN, **{"billing_scheme": "tiered", "recurring.usage_type": "metered"}
    ),
    "POST /v1/webhook_endpoints": _cases(ENDPOINT, api_version="2020-08-27"),
    **PORTAL_REFUSED,
    **INTENT_REFUSED,
    **SUBSCRIPTION_REFUSED,
    "GET /v1/invoice_payments": [({}, "payment.type", "payment_record")],
}

ELSEWHERE = (
    *("POST /v1/invoices/:invoice", "POST /v1/invoiceitems/:invoiceitem"),
    *("POST /v1/invoices/:invoice/finalize", "POST /v1/invoices/create_preview"),
    *("GET /v2/core/event_destinations", "POST /v2/core/event_destinations"),
    "GET /v2/core/event_destinations/:event_destination",
    "POST /v2/core/event_destinations/:event_destination",
    *("GET /v2/core/events", "POST /v1/events/:event/retry"),
    "DELETE /v1/subscription_items/:item",
    "POST /v1/subscriptions/:subscription/resume",
    *("POST /v1/invoices/:invoice/add_lines", "POST /v1/invoices/:invoice/update_lines"),
    *("POST /v1/invoices/:invoice/remove_lines", "POST /v1/invoices/:invoice/lines/:line"),
)
"""What takes a renewal or a draft to change: resources/test_updates.py, and test_manual_invoices.py
and test_invoice_previews.py of payments. And what has the form of /v2: test_event_destinations.py
beside it; what the CLI alone calls: webhooks/test_resending.py. And what takes a further item:
test_items.py of payments/subscriptions, or lines: test_invoice_lines.py of payments."""

NARROWED: dict[str, Any] = {
    "code": "NONE", "coupon": "NONE",
    "allow_redisplay": "limited", "attach_to_self": True, "automatic_tax.enabled": True,
    "current_period_end": {"gt": 2_000_000_000}, "current_period_start": {"gt": 2_000_000_000},
    "customer_account": "acct_none", "due_date": {"gt": 1}, "plan": "price_none",
    "price": "price_none", "recurring.meter": "mtr_none", "recurring.usage_type": "metered",
    "shippable": True, "transfer_group": "none", "url": "http://none.example/",
    "active": False, "charge": "ch_none", "collection_method": "send_invoice",
    "created": {"gt": 2_000_000_000}, "currency": "eur", "customer": "cus_none",
    "customer_details": {"email": "nobody@example.com"}, "delivery_success": False,
    "email": "nobody@example.com", "is_default": False, "ids": ["prod_none"], "invoice": "in_none",
    "lookup_keys": ["none"], "payment.payment_intent": "pi_none", "payment_intent": "pi_none",
    "payment_method": "pm_none", "payment_link": "plink_none", "pending": True,
    "product": "prod_none", "setup_intent": "seti_none", "source": "ch_none",
    "recurring.interval": "year",
    "status": "canceled", "subscription": "sub_none", "type": "us_bank_account",
    "test_clock": "clock_none", "types": ["customer.deleted"],
}  # fmt: skip
"""Filters that not everything in the test's sandbox meets."""
