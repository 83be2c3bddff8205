"""How a subscription says that its invoices are collected, and the modes of billing that it may ask
for."""

from __future__ import annotations

from typing import Any

from stripe_sandbox import errors
from stripe_sandbox.api.pagination import pick
from stripe_sandbox.storage.objects import Object

PARAMETERS = ("automatic_tax.enabled", "billing_mode.type", "collection_method", "days_until_due")


def check(params: dict[str, Any], former: Object | None = None) -> None:
    """Raise a StripeError unless the parameters go together, for a new subscription or for the
    `former` one, and the sandbox simulates them."""
    if params.get("automatic_tax", {}).get("enabled"):
        raise errors.not_simulated("automatic_tax[enabled]", "automatic_tax[enabled]=true")
    mode = params.get("billing_mode", {}).get("type", "flexible")
    if mode != "flexible":
        raise errors.not_simulated("billing_mode[type]", f"billing_mode[type]={mode}")
    held = former or {"collection_method": "charge_automatically", "days_until_due": None}
    method = params.get("collection_method", held["collection_method"])
    if method == "send_invoice":
        if params.get("days_until_due", held["days_until_due"]) is None:
            raise errors.invalid(
                "If subscription collection method is 'send_invoice', you must specify "
                "'days_until_due'.",
                "days_until_due",
            )
    elif "days_until_due" in params:
        raise errors.invalid(
            "'days_until_due' can only be set if subscription collection method is 'send_invoice'.",
            "days_until_due",
        )


def changes(params: dict[str, Any]) -> Object:
    """What changes of a running subscription."""
    found = pick(params, "collection_method", "days_until_due")
    if found.get("collection_method") == "charge_automatically":
        found["days_until_due"] = None
    return found
