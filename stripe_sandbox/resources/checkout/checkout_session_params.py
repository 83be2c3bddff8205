"""What a request for a Checkout Session may hold, beyond the types of its parameters."""

from __future__ import annotations

from typing import Any

from stripe_sandbox import errors
from stripe_sandbox.resources.checkout.ui_modes import check_ui_mode
from stripe_sandbox.validation import check_email, check_length, check_url

DAY = 86_400
MAXIMUM_REFERENCE = 200
MAXIMUM_CUSTOM_TEXT = 1_200
MAXIMUM_TRIAL_DAYS = 730

SIMULATED = (
    "adaptive_pricing.enabled", "allow_promotion_codes", "allowed_payment_method_types",
    "automatic_tax.enabled", "billing_address_collection", "cancel_url", "client_reference_id",
    "currency", "custom_fields", "custom_text.after_submit.message",
    "custom_text.submit.message", "customer", "customer_creation", "customer_email",
    "customer_update.address", "customer_update.name", "customer_update.shipping",
    "discounts.coupon", "discounts.promotion_code", "expires_at",
    "integration_identifier", "invoice_creation.enabled",
    "invoice_creation.invoice_data.custom_fields", "invoice_creation.invoice_data.description",
    "invoice_creation.invoice_data.footer", "invoice_creation.invoice_data.metadata",
    "line_items.adjustable_quantity", "line_items.metadata",
    "line_items.price", "line_items.price_data.currency",
    "line_items.price_data.product",
    "line_items.price_data.product_data.description",
    "line_items.price_data.product_data.images", "line_items.price_data.product_data.metadata",
    "line_items.price_data.product_data.name", "line_items.price_data.product_data.unit_label",
    "line_items.price_data.recurring", "line_items.price_data.tax_behavior",
    "line_items.price_data.unit_amount", "line_items.quantity", "locale", "metadata", "mode",
    "origin_context", "payment_intent_data.capture_method", "payment_intent_data.description",
    "payment_intent_data.metadata", "payment_intent_data.receipt_email",
    "payment_intent_data.setup_future_usage",
    "payment_intent_data.statement_descriptor", "payment_intent_data.statement_descriptor_suffix",
    "payment_method_collection", "phone_number_collection.enabled",
    "redirect_on_completion", "return_url",
    "saved_payment_method_options.allow_redisplay_filters",
    "saved_payment_method_options.payment_method_remove",
    "saved_payment_method_options.payment_method_save", "setup_intent_data.description",
    "setup_intent_data.metadata", "submit_type",
    "subscription_data.description", "subscription_data.metadata",
    "subscription_data.trial_end", "subscription_data.trial_period_days",
    "subscription_data.trial_settings.end_behavior.missing_payment_method", "success_url",
    "tax_id_collection.enabled", "ui_mode",
)  # fmt: skip
"""The parameters that the sandbox acts on, or that Stripe, too, only stores and shows."""

_ONLY: dict[tuple[str, ...], tuple[Any, ...]] = {
    ("adaptive_pricing", "enabled"): (False,),
    ("automatic_tax", "enabled"): (False,),
    ("customer_update", "shipping"): ("never",),
    ("locale",): ("auto", "en", "en-GB"),
    ("payment_intent_data", "capture_method"): ("automatic", "automatic_async"),
    ("tax_id_collection", "enabled"): (False,),
    ("ui_mode",): ("elements", "embedded_page", "hosted_page"),
}
"""Parameters of which the sandbox simulates only some values."""

_ONLY_IN = {
    "invoice_creation": "payment",
    "payment_intent_data": "payment",
    "setup_intent_data": "setup",
    "payment_method_collection": "subscription",
    "subscription_data": "subscription",
}
"""Parameters that belong to one mode."""

_NOT_IN = {
    "customer_creation": "subscription",
    "allow_promotion_codes": "setup",
    "discounts": "setup",
    "line_items": "setup",
    "phone_number_collection": "setup",
    "saved_payment_method_options": "setup",
    "submit_type": "setup",
}
"""Parameters that belong to every mode but one."""

_NEEDED_TO_SET_UP = {"allowed_payment_method_types", "currency"}
"""By one of these Stripe chooses which methods are offered to be saved."""

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
    check_ui_mode(params)
    if params["mode"] != "setup" and not params.get("line_items"):
        raise errors.parameter_missing("line_items")
    if params["mode"] == "setup" and not params.keys() & _NEEDED_TO_SET_UP:
        raise errors.parameter_missing("currency")
    if "customer_update" in params and "customer" not in params:
        raise errors.invalid(
            "`customer_update` can only be used with `customer`.", "customer_update"
        )
    for names in _EXCLUSIVE:
        errors.check_exclusive(params, *names)
    if len(params.get("discounts") or ()) > 1:
        raise errors.invalid("You may only specify one discount.", "discounts")
    for name, mode in _ONLY_IN.items():
        if name in params and params["mode"] != mode:
            raise errors.invalid(f"You can not pass `{name}` in `{params['mode']}` mode.", name)
    for name, mode in _NOT_IN.items():
        if name in params and params["mode"] == mode:
            raise errors.invalid(f"You can not pass `{name}` in `{mode}` mode.", name)
    for name in ("success_url", "cancel_url", "return_url"):
        if name in params:
            check_url(params[name], name)
    if "customer_email" in params:
        check_email(params["customer_email"], "customer_email")
    check_length(params.get("client_reference_id", ""), MAXIMUM_REFERENCE, "client_reference_id")
    for name, text in params.get("custom_text", {}).items():
        if text:
            check_length(text["message"], MAXIMUM_CUSTOM_TEXT, f"custom_text[{name}][message]")


def check_trial(params: dict[str, Any], now: int) -> None:
    """Raise a StripeError if the session's subscription cannot have its trial."""
    data = params.get("subscription_data", {})
    days, end = data.get("trial_period_days"), data.get("trial_end")
    errors.check_exclusive(data, "trial_end", "trial_period_days", at="subscription_data")
    if days is not None and not 1 <= days <= MAXIMUM_TRIAL_DAYS:
        raise errors.invalid(
            f"The number of free trial period days must be from 1 to {MAXIMUM_TRIAL_DAYS}.",
            "subscription_data[trial_period_days]",
        )
    if end is not None and not now + 2 * DAY <= end <= now + MAXIMUM_TRIAL_DAYS * DAY:
        raise errors.invalid(
            "The `subscription_data[trial_end]` timestamp must be at least 2 days, and at most 2 "
            "years, in the future.",
            "subscription_data[trial_end]",
        )
    if "trial_settings" in data and days is None and end is None:
        raise errors.invalid(
            "You can only pass `subscription_data[trial_settings]` with a free trial.",
            "subscription_data[trial_settings]",
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
