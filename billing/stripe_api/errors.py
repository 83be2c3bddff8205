"""Stripe's exceptions in words that a person can act on.

https://docs.stripe.com/api/errors
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import stripe

from billing.errors import StripeFailure, Unreachable
from billing.stripe_api.http.network import where_to_check

if TYPE_CHECKING:
    from billing.stripe_api.response import Response


def translate_error(error: stripe.StripeError, response: Response, api_base: str) -> StripeFailure:
    """Stripe's exception for a ``response`` of ``api_base``, in words a person can act on."""
    status = response.status
    content = "" if response.error else response.description
    if content and status < 500 and status not in (407, 429):
        return StripeFailure.unexpected(status, content, request_id=response.request_id)
    said = (error.user_message or "").strip()
    reason: Unreachable | None = None
    match error:
        case stripe.AuthenticationError():
            message = "Stripe does not accept the key in STRIPE_SECRET_KEY."
            next_step = "Copy a current test key from the Stripe Dashboard, under Developers."
        case stripe.PermissionError():
            message = f"The key in STRIPE_SECRET_KEY lacks a permission. Stripe says: {said}"
            next_step = (
                "Give the key this permission in the Stripe Dashboard, under Developers, API keys."
            )
        case stripe.RateLimitError():
            message = "Stripe is rate limiting requests (HTTP 429)."
            next_step = "Wait a few seconds, then try again."
        case stripe.CardError():
            message = f"The card was declined: {said}"
            next_step = "Another card is needed; the customer can give one in the customer portal."
        case stripe.InvalidRequestError():
            message = f"Stripe refused the request: {said}"
            next_step = (
                "Check the Price IDs in the settings: they must exist in the key's account."
                if "price" in (error.param or "")
                else "Find the request in the Stripe Dashboard, under Developers, Logs."
            )
        case _ if status == 407:  # of an API without TLS; Stripe itself has none
            message = "The proxy requires a user name and a password (HTTP 407)."
            next_step = "Check HTTP_PROXY and its password, then restart the app."
            reason = Unreachable.PROXY
        case _:
            details = f": {content}" if content else ""
            message = f"Stripe returned a server error (HTTP {status}){details}."
            next_step = (
                f"Try again in a moment. If this continues, check {where_to_check(api_base)}."
            )
    # Of an event that is older than 30 days Stripe says so without a code.
    is_missing = isinstance(error, stripe.InvalidRequestError) and status == 404
    return StripeFailure(
        message,
        next_step,
        request_id=response.request_id,
        status=status,
        code=error.code or ("resource_missing" if is_missing else None),
        unreachable=reason,
        is_unexpected=bool(content),
    )
