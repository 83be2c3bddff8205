"""API keys (https://docs.stripe.com/keys): any of test mode is accepted, or one alone."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from functools import lru_cache

from stripe_sandbox import errors

NO_KEY = (
    "You did not provide an API key. You need to provide your API key in the Authorization "
    "header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See "
    "https://stripe.com/docs/api#authentication for details, or we can help at "
    "https://support.stripe.com/."
)


def check_key(headers: Mapping[str, str], only: str | None = None) -> str:
    """The key in the Authorization header, as Bearer or Basic. StripeError 401: it is not the key
    `only`, or without one none of test mode (sk_test_…, rk_test_…)."""
    key = _key_in(headers.get("authorization", ""))
    if not key:
        raise errors.unauthorized(NO_KEY)
    is_accepted = hmac.compare_digest(key.encode(), only.encode()) if only else is_test_key(key)
    if not is_accepted:
        raise errors.unauthorized(f"Invalid API Key provided: {masked(key)}")
    return key


@lru_cache(maxsize=64)
def _key_in(authorization: str) -> str:
    """The key that the header holds; empty: none."""
    scheme, _, credentials = authorization.partition(" ")
    key = credentials.strip()
    if scheme.lower() == "bearer":
        return key
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(key, validate=True).decode().partition(":")[0]
    except ValueError:  # no base64, or no text in it
        return ""


@lru_cache(maxsize=64)
def is_test_key(key: str) -> bool:
    """Whether it is a secret or restricted key of test mode, by its form."""
    prefix = next((known for known in ("sk_test_", "rk_test_") if key.startswith(known)), None)
    return prefix is not None and len(key) > len(prefix)


@lru_cache(maxsize=64)
def masked(key: str) -> str:
    """A key as Stripe's messages show it: its prefix and its last four characters."""
    if len(key) <= 12:
        return "*" * len(key)
    prefix = key[:8] if key[:3] in ("sk_", "rk_", "pk_") else ""
    return prefix + "*" * (len(key) - len(prefix) - 4) + key[-4:]
