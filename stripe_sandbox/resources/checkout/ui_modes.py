"""Where a Checkout Session's form is shown: on Stripe's page, or by Stripe's script on the shop's
own (https://docs.stripe.com/payments/checkout/how-checkout-works)."""

from __future__ import annotations

from typing import Any

from stripe_sandbox import errors
from stripe_sandbox.ids import random_text
from stripe_sandbox.storage.objects import Object

HOSTED = "hosted_page"

_NOT_IN = {
    "elements": (
        *("cancel_url", "custom_fields", "custom_text", "redirect_on_completion", "submit_type"),
        "success_url",
    ),
    "embedded_page": ("cancel_url", "success_url"),
    HOSTED: ("redirect_on_completion", "return_url"),
}
"""The parameters that a mode does not have."""


def check_ui_mode(params: dict[str, Any]) -> None:
    """Raise a StripeError if the parameters do not go with the `ui_mode`."""
    mode = params.get("ui_mode", HOSTED)
    wrong = sorted(name for name in _NOT_IN[mode] if name in params)
    if wrong:
        raise errors.invalid(
            f"The following parameters are not supported with `ui_mode: {mode}`: "
            f"{', '.join(wrong)}.",
            wrong[0],
        )
    never = params.get("redirect_on_completion") == "never"
    if never and "return_url" in params:
        raise errors.invalid(
            "`return_url` can not be passed when `redirect_on_completion` is `never`.",
            "return_url",
        )
    required = "success_url" if mode == HOSTED else "return_url"
    if not never and not params.get(required):
        raise errors.parameter_missing(required)


def ui_fields(params: dict[str, Any], identifier: str, base_url: str) -> Object:
    """What the session says of where its form is: the `url` of Stripe's page, or the
    `client_secret` for Stripe's script."""
    mode = params.get("ui_mode", HOSTED)
    if mode == HOSTED:
        # Stripe's links carry an opaque fragment that the page needs; so do these.
        url = f"{base_url}/c/pay/{identifier}#fid{random_text(60)}"
        return {"success_url": params["success_url"], "ui_mode": mode, "url": url}
    fields = {
        "client_secret": f"{identifier}_secret_fid{random_text(60)}",
        "return_url": params.get("return_url"),
        "ui_mode": mode,
    }
    if mode == "embedded_page":
        fields["redirect_on_completion"] = params.get("redirect_on_completion", "always")
    return fields
