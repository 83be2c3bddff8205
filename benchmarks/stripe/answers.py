"""What the fake Stripe says: whole objects, printed with two spaces of indent as Stripe does.

https://docs.stripe.com/api/checkout/sessions/object
"""

from __future__ import annotations

import json
import time
from typing import Any

PRICE_PRO = "price_bench_pro"
PRICE_CREDIT = "price_bench_credit"
ID_LENGTH = 66  # of a test session's id, its prefix included
PAGE_SIZE = 20


def session_id(number: int) -> str:
    """The id of the ``number``-th session, as long as Stripe's."""
    return f"cs_test_a1{number:0{ID_LENGTH - 10}d}"


def checkout_session(session: str, created: int) -> dict[str, Any]:
    """An open session of the Pro plan, of API version 2026-10-28; ``created`` in Unix seconds."""
    return {
        "id": session,
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": True},
        "after_expiration": None,
        "allow_promotion_codes": None,
        "amount_subtotal": 9900,
        "amount_total": 9900,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": None,
        "branding_settings": {
            "background_color": "#ffffff",
            "border_style": "rounded",
            "button_color": "#0074d4",
            "display_name": "Benchmark",
            "font_family": "default",
            "icon": None,
            "logo": None,
        },
        "cancel_url": "http://localhost:8501/app/billing?canceled=1",
        "client_reference_id": None,
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "created": created,
        "currency": "usd",
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": {
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
        },
        "customer": None,
        "customer_account": None,
        "customer_creation": "always",
        "customer_details": None,
        "customer_email": None,
        "discounts": [],
        "expires_at": created + 86_400,
        "integration_identifier": None,
        "invoice": None,
        "invoice_creation": None,
        "livemode": False,
        "locale": None,
        "managed_payments": {"enabled": False},
        "metadata": {"app": "billing-dashboard", "kind": "pro", "quantity": "1"},
        "mode": "subscription",
        "origin_context": None,
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "always",
        "payment_method_configuration_details": {"id": "pmc_bench", "parent": None},
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card", "link", "cashapp", "amazon_pay"],
        "payment_status": "unpaid",
        "permissions": None,
        "phone_number_collection": {"enabled": False},
        "recovered_from": None,
        "saved_payment_method_options": {
            "allow_redisplay_filters": ["always"],
            "payment_method_remove": "disabled",
            "payment_method_save": None,
        },
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": None,
        "subscription": None,
        "success_url": (
            "http://localhost:8501/app/billing?success=1&session_id={CHECKOUT_SESSION_ID}"
        ),
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": f"https://checkout.stripe.com/c/pay/{session}#{'fidkdWxOYHwnPyd1blpxYHZxWjA0' * 10}",
        "wallet_options": None,
    }


def past_session(number: int, created: int) -> dict[str, Any]:
    """The ``number``-th session of a history: three of five are paid, the others expired or open,
    each by one of a thousand customers."""
    session = checkout_session(session_id(number), created)
    match number % 5:
        case 0:
            return session
        case 1:
            return session | {"status": "expired", "url": None}
    email = f"buyer{number % 1000}@example.com"
    return session | {
        "status": "complete",
        "payment_status": "paid",
        "url": None,
        "customer": f"cus_{number % 1000:014d}",
        "customer_details": {
            "address": {"city": None, "country": "US", "line1": None, "line2": None,
                        "postal_code": "94103", "state": None},
            "business_name": None,
            "email": email,
            "individual_name": None,
            "name": "A Buyer",
            "phone": None,
            "tax_exempt": "none",
            "tax_ids": [],
        },
        "invoice": f"in_{number:024d}",
        "line_items": {
            "object": "list",
            "data": [line_item(number, created)],
            "has_more": False,
            "url": f"/v1/checkout/sessions/{session['id']}/line_items",
        },
        "subscription": subscription(number, created),
    }  # fmt: skip


def unexpanded(session: dict[str, Any], *, line_items: bool = False) -> dict[str, Any]:
    """The session as events have it, and answers whose request expands nothing, or these alone."""
    own = {name: value for name, value in session.items() if line_items or name != "line_items"}
    if own["subscription"]:
        own["subscription"] = own["subscription"]["id"]
    return own


def subscription(number: int, created: int) -> dict[str, Any]:
    """The subscription that a session began, as it is expanded in the session."""
    item = {
        "id": f"si_{number:024d}",
        "object": "subscription_item",
        "created": created,
        "current_period_end": created + 30 * 86_400,
        "current_period_start": created,
        "metadata": {},
        "price": price(PRICE_PRO, created) | {"product": "prod_bench"},
        "quantity": 1,
        "subscription": f"sub_{number:024d}",
    }
    return {
        "id": f"sub_{number:024d}",
        "object": "subscription",
        "automatic_tax": {"enabled": False, "liability": None},
        "billing_cycle_anchor": created,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "collection_method": "charge_automatically",
        "created": created,
        "currency": "usd",
        "customer": f"cus_{number % 1000:014d}",
        "items": {"object": "list", "data": [item], "has_more": False},
        "latest_invoice": f"in_{number:024d}",
        "livemode": False,
        "metadata": {"app": "billing-dashboard", "kind": "pro", "quantity": "1"},
        "pause_collection": None,
        "status": "active",
    }


def line_item(number: int, created: int) -> dict[str, Any]:
    """The one line item of a session: the Pro plan."""
    return {
        "id": f"li_{number:024d}",
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": 9900,
        "amount_tax": 0,
        "amount_total": 9900,
        "currency": "usd",
        "description": "Pro plan",
        "price": price(PRICE_PRO, created) | {"product": "prod_bench"},
        "quantity": 1,
    }


def price(price_id: str, created: int) -> dict[str, Any]:
    """The Price with its product expanded: the Pro plan's, or one extra credit's."""
    is_pro = price_id == PRICE_PRO
    return {
        "id": price_id,
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": created,
        "currency": "usd",
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": {
            "id": "prod_bench",
            "object": "product",
            "active": True,
            "created": created,
            "default_price": None,
            "description": "Everything in Pro" if is_pro else "One load credit",
            "images": [],
            "livemode": False,
            "marketing_features": [],
            "metadata": {},
            "name": "Pro plan" if is_pro else "Extra load credit",
            "package_dimensions": None,
            "shippable": None,
            "statement_descriptor": None,
            "tax_code": None,
            "type": "service",
            "unit_label": None,
            "updated": created,
            "url": None,
        },
        "recurring": {
            "interval": "month",
            "interval_count": 1,
            "meter": None,
            "trial_period_days": None,
            "usage_type": "licensed",
        }
        if is_pro
        else None,
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring" if is_pro else "one_time",
        "unit_amount": 9900 if is_pro else 99,
        "unit_amount_decimal": "9900" if is_pro else "99",
    }


class Answers:
    """The bodies, made once, so that the fake costs next to nothing while others are measured."""

    def __init__(self) -> None:
        created = int(time.time())
        placeholder = session_id(0)
        self._session = printed(checkout_session(placeholder, created)).split(placeholder.encode())
        self._prices = {name: printed(price(name, created)) for name in (PRICE_PRO, PRICE_CREDIT)}
        self.session_list = printed(
            {
                "object": "list",
                "url": "/v1/checkout/sessions",
                "has_more": False,
                "data": [checkout_session(session_id(n), created - n) for n in range(PAGE_SIZE)],
            }
        )

        self.no_events = printed(
            {"object": "list", "url": "/v1/events", "has_more": False, "data": []}
        )

    def new_session(self, number: int) -> bytes:
        """The ``number``-th session, under an id of its own."""
        return session_id(number).encode().join(self._session)

    def price(self, price_id: str) -> bytes | None:
        """The Price, or None for an id that this Stripe does not know."""
        return self._prices.get(price_id)


def printed(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer, indent=2).encode()
