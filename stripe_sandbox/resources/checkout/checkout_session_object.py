"""The shape of a Checkout Session (https://docs.stripe.com/api/checkout/sessions/object)."""

from __future__ import annotations

from functools import cache
from typing import Any

from stripe_sandbox.api.endpoint import Call
from stripe_sandbox.ids import random_text
from stripe_sandbox.resources.checkout.custom_fields import custom_fields
from stripe_sandbox.resources.checkout.ui_modes import ui_fields
from stripe_sandbox.resources.customers.payment_methods import method_types
from stripe_sandbox.schema.objects import build, merge_metadata
from stripe_sandbox.storage.objects import Object


def customer_details(
    email: str | None, name: str | None = None, phone: str | None = None
) -> Object:
    """A session's `customer_details`."""
    return build(
        "checkout.session.CustomerDetails",
        {"email": email, "name": name, "phone": phone, "tax_exempt": "none"},
    )


def new_session(
    call: Call,
    customer: Object | None,
    total: int | None,
    currency: str | None,
    now: int,
    expires_at: int,
) -> Object:
    """An open session of a checked request; in setup mode there is no total, and perhaps no
    currency."""
    params = call.params
    several = len(params.get("line_items", ())) > 1
    identifier = "cs_test_" + ("b1" if several else "a1") + random_text(56)
    subscribes, saves = params["mode"] == "subscription", params["mode"] == "setup"
    email = params.get("customer_email") or (customer and customer["email"])
    allowed = params.get("allowed_payment_method_types")
    types = ["card"] if saves else method_types(currency or "", allowed)
    creation = params.get("customer_creation", "always" if subscribes else "if_required")
    return build(
        "checkout.session",
        {
            "id": identifier,
            "object": "checkout.session",
            "adaptive_pricing": {"enabled": False},
            "allow_promotion_codes": params.get("allow_promotion_codes"),
            "allowed_payment_method_types": params.get("allowed_payment_method_types"),
            "amount_subtotal": total,
            "amount_total": total,
            "automatic_tax": build("checkout.session.AutomaticTax", {"enabled": False}),
            "billing_address_collection": params.get("billing_address_collection"),
            "branding_settings": _branding(),
            "cancel_url": params.get("cancel_url"),
            "client_reference_id": params.get("client_reference_id"),
            "created": now,
            "currency": currency,
            "custom_fields": custom_fields(params.get("custom_fields") or []),
            "custom_text": build(
                "checkout.session.CustomText",
                {name: text for name, text in params.get("custom_text", {}).items() if text},
            ),
            "customer": customer and customer["id"],
            "customer_creation": None if customer else creation,
            "customer_details": customer_details(email) if email else None,
            "customer_email": params.get("customer_email"),
            "discounts": [],
            "expires_at": expires_at,
            "integration_identifier": params.get("integration_identifier"),
            "invoice_creation": None if subscribes or saves else _invoice_creation(params),
            "livemode": False,
            "locale": params.get("locale"),
            "metadata": merge_metadata({}, params.get("metadata", {})),
            "mode": params["mode"],
            "origin_context": params.get("origin_context"),
            "payment_method_collection": params.get(
                "payment_method_collection", "always" if subscribes or saves else "if_required"
            ),
            "payment_method_options": {kind: _options(kind) for kind in types},
            "payment_method_types": types,
            "payment_status": "no_payment_required" if saves else "unpaid",
            "phone_number_collection": {
                "enabled": params.get("phone_number_collection", {}).get("enabled", False)
            },
            "saved_payment_method_options": _saved_methods(params),
            "shipping_options": [],
            "status": "open",
            "submit_type": params.get("submit_type"),
            "tax_id_collection": params.get("tax_id_collection")
            and {"enabled": False, "required": "never"},
            "total_details": None
            if saves
            else build(
                "checkout.session.TotalDetails",
                {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
            ),
            **ui_fields(params, identifier, call.base_url),
        },
    )


@cache
def _options(kind: str) -> Object:
    """What a session says of that type of payment method."""
    path = "checkout.session.PaymentMethodOptions"
    if kind == "card":
        return build(f"{path}.Card", {"request_three_d_secure": "automatic"})
    return build(f"{path}.UsBankAccount", {"verification_method": "automatic"})


def _branding() -> Object:
    return build(
        "checkout.session.BrandingSettings",
        {
            "background_color": "#ffffff",
            "border_style": "rounded",
            "button_color": "#0074d4",
            "display_name": "Local sandbox",
            "font_family": "default",
        },
    )


def _saved_methods(params: dict[str, Any]) -> Object | None:
    given = params.get("saved_payment_method_options")
    if given is None and params["mode"] != "subscription":
        return None
    values = {"allow_redisplay_filters": ["always"], "payment_method_remove": "disabled"}
    return build("checkout.session.SavedPaymentMethodOptions", {**values, **(given or {})})


def _invoice_creation(params: dict[str, Any]) -> Object:
    given = params.get("invoice_creation", {"enabled": False})
    data = dict(given.get("invoice_data", {}))
    data["metadata"] = merge_metadata({}, data.get("metadata", {}))
    data["custom_fields"] = data.get("custom_fields") or None
    return {
        "enabled": given["enabled"],
        "invoice_data": build("checkout.session.InvoiceCreation.InvoiceData", data),
    }


def asks_payment_method(session: Object) -> bool:
    """Whether the payer has to give a payment method: where something is due, and for a
    subscription unless that is to be asked only then."""
    if session["amount_total"] or session["mode"] == "setup":
        return True
    return bool(
        session["mode"] == "subscription" and session["payment_method_collection"] == "always"
    )


def offers_saving(session: Object) -> bool:
    """Whether its payer may choose to have a new payment method saved."""
    options = session["saved_payment_method_options"] or {}
    return options.get("payment_method_save") == "enabled" and asks_payment_method(session)


def redisplay(session: Object, *, saves: bool) -> str:
    """The `allow_redisplay` of a new payment method: of what is saved anyway it says whether it is
    offered again; `saves`: the payer chose that, where they may."""
    if offers_saving(session) and saves:
        return "always"
    if session["mode"] == "payment":
        return "unspecified"
    return "limited" if offers_saving(session) else "always"


def offers_removal(session: Object) -> bool:
    """Whether its payer may remove saved payment methods."""
    options = session["saved_payment_method_options"] or {}
    return options.get("payment_method_remove") == "enabled"


def asks_for_phone(session: Object) -> bool:
    """Whether its payer has to give a phone number."""
    return bool(session.get("phone_number_collection", {}).get("enabled"))


def wants_invoice(session: Object) -> bool:
    """Whether a one-time payment makes an invoice, which needs a customer."""
    creation = session["invoice_creation"]
    return bool(creation and creation["enabled"])


def known_email(session: Object) -> str | None:
    """The address that the payer cannot change: the session's or its customer's."""
    details = session["customer_details"]
    email: str | None = session["customer_email"] or (details and details["email"])
    return email


def return_url(session: Object) -> str | None:
    """Where a payer goes from a complete session; None while it is open, or when it expired."""
    if session["status"] != "complete":
        return None
    url: str | None = session["success_url"] or session.get("return_url")
    return url and url.replace("{CHECKOUT_SESSION_ID}", session["id"])
