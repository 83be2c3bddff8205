"""For how long a Checkout Session stays open, and for which amounts it can be."""

from __future__ import annotations

from typing import Any

from stripe_sandbox import errors
from stripe_sandbox.currencies import MINIMUM, check_charge, format_amount, format_minimum, maximum
from stripe_sandbox.storage.objects import Object

DAY = 86_400
HALF_HOUR = 1_800


def expiry(params: dict[str, Any], now: int) -> int:
    """When the session that a request asks for expires, in Unix seconds. StripeError: that is too
    early or too late."""
    expires_at: int = params.get("expires_at", now + DAY)
    if expires_at < now + HALF_HOUR:
        raise errors.invalid(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session "
            "creation.",
            "expires_at",
        )
    if expires_at > now + DAY:
        raise errors.invalid(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.",
            "expires_at",
        )
    return expires_at


def check_total(session: Object) -> None:
    """Raise a StripeError if a session cannot be for its amount."""
    total, currency = session["amount_total"], session["currency"]
    if 0 < total < MINIMUM.get(currency, 0):
        raise errors.invalid(
            "The Checkout Session's total amount due must add up to at least "
            f"{format_minimum(currency)}",
            code="amount_too_small",
        )
    if total > maximum(currency):
        raise errors.invalid(
            "The Checkout Session's total amount due must be no more than "
            f"{format_amount(maximum(currency), currency, in_message=True)}",
            code="amount_too_large",
        )
    check_charge(total, currency, "line_items")
