"""What a request for a Checkout Session may hold, beyond the types of its parameters."""

from __future__ import annotations

from typing import Any

from stripe_sandbox import errors
from stripe_sandbox.validation import check_email, check_url

MAXIMUM_REFERENCE = 200

SIMULATED = (
    "adaptive_pricing.enabled", "allow_promotion_codes", "allowed_payment_method_types",
    "automatic_tax.enabled", "billing_address_collection", "cancel_url", "client_reference_id",
    "currency", "customer", "customer_creation", "customer_email", "discounts.coupon",
    "discounts.promotion_code", "expires_at",
    "integration_identifier", "invoice_creation.enabled", "line_items.metadata",
    "line_items.price", "line_items.price_data.currency", "line_items.price_data.product",
    "line_items.price_data.product_data.description",
    "line_items.price_data.product_data.images", "line_items.price_data.product_data.metadata",
    "line_items.price_data.product_data.name", "line_items.price_data.product_data.unit_label",
    "line_items.price_data.recurring", "line_items.price_data.tax_behavior",
    "line_items.price_data.unit_amount", "line_items.quantity", "locale", "metadata", "mode",
    "origin_context", "payment_intent_data.capture_method", "payment_intent_data.description",
    "payment_intent_data.metadata", "payment_intent_data.receipt_email",
    "payment_intent_data.statement_descriptor", "payment_intent_data.statement_descriptor_suffix",
    "payment_method_collection", "phone_number_collection.enabled", "submit_type",
    "subscription_data.description", "subscription_data.metadata", "success_url",
    "tax_id_collection.enabled", "ui_mode",
)  # fmt: skip
"""The parameters that the sandbox acts on, or that Stripe, too, only stores and shows."""

_ONLY: dict[tuple[str, ...], tuple[Any, ...]] = {
    ("adaptive_pricing", "enabled"): (False,),
    ("automatic_tax", "enabled"): (False,),
    ("billing_address_collection",): ("auto",),
    ("invoice_creation", "enabled"): (False,),
    ("locale",): ("auto", "en", "en-GB"),
    ("mode",): ("payment", "subscription"),
    ("payment_intent_data", "capture_method"): ("automatic", "automatic_async"),
    ("phone_number_collection", "enabled"): (False,),
    ("tax_id_collection", "enabled"): (False,),
    ("ui_mode",): ("hosted_page",),
}
"""Parameters of which the sandbox simulates only some values."""

_ONLY_IN = {
    "customer_creation": "payment",
    "invoice_creation": "payment",
    "payment_intent_data": "payment",
    "submit_type": "payment",
    "payment_method_collection": "subscription",
    "subscription_data": "subscription",
}
"""Parameters that belong to one mode."""

_EXCLUSIVE = (
    ("allow_promotion_codes", "discounts"),
    ("customer", "customer_email"),
    ("customer", "customer_creation"),
)


def check_request(params: dict[str, Any]) -> None:
    """Raise a StripeError if the parameters do not go together, or a value is not simulated."""
    if "mode" not in params:
        raise errors.parameter_missing("mode")
    for path, values in _ONLY.items():
        _check_value(params, path, values)
    if "card" not in params.get("allowed_payment_method_types", ["card"]):
        raise errors.not_simulated("allowed_payment_method_types", "a session without cards")
    for required in ("success_url", "line_items"):
        if not params.get(required):
            raise errors.parameter_missing(required)
    for one, other in _EXCLUSIVE:
        if one in params and other in params:
            raise errors.invalid(
                f"You may only specify one of these parameters: {one}, {other}.",
                one,
                "parameters_exclusive",
            )
    if len(params.get("discounts") or ()) > 1:
        raise errors.invalid("You may only specify one discount.", "discounts")
    for name, mode in _ONLY_IN.items():
        if name in params and params["mode"] != mode:
            raise errors.invalid(f"You can not pass `{name}` in `{params['mode']}` mode.", name)
    for name in ("success_url", "cancel_url"):
        if name in params:
            check_url(params[name], name)
    if "customer_email" in params:
        check_email(params["customer_email"], "customer_email")
    reference = params.get("client_reference_id", "")
    if len(reference) > MAXIMUM_REFERENCE:
        raise errors.invalid(
            f"Invalid string: {reference[:10]}...{reference[-10:]}; must be at most "
            f"{MAXIMUM_REFERENCE} characters",
            "client_reference_id",
        )


def _check_value(params: dict[str, Any], path: tuple[str, ...], values: tuple[Any, ...]) -> None:
    held: Any = params
    for name in path:
        if not isinstance(held, dict) or name not in held:
            return
        held = held[name]
    if held not in values:
        name = path[0] + "".join(f"[{part}]" for part in path[1:])
        value = str(held).lower() if isinstance(held, bool) else held
        raise errors.not_simulated(name, f"{name}={value}")
