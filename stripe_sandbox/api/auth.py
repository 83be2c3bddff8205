"""API keys (https://docs.stripe.com/keys): the sandbox accepts any key of test mode."""

from __future__ import annotations

import base64

from starlette.datastructures import Headers

from stripe_sandbox import errors

NO_KEY = (
    "You did not provide an API key. You need to provide your API key in the Authorization "
    "header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See "
    "https://stripe.com/docs/api#authentication for details, or we can help at "
    "https://support.stripe.com/."
)


def check_key(headers: Headers) -> None:
    """Raise a StripeError 401 unless the Authorization header holds a key of test mode (sk_test_…,
    rk_test_…), as Bearer or Basic."""
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    key = credentials.strip()
    if scheme.lower() == "basic":
        try:
            key = base64.b64decode(key, validate=True).decode().partition(":")[0]
        except ValueError:  # no base64, or no text in it
            key = ""
    elif scheme.lower() != "bearer":
        key = ""
    if not key:
        raise errors.unauthorized(NO_KEY)
    prefix = next((known for known in ("sk_test_", "rk_test_") if key.startswith(known)), None)
    if prefix is None or len(key) == len(prefix):
        raise errors.unauthorized(f"Invalid API Key provided: {masked(key)}")


def masked(key: str) -> str:
    """A key as Stripe's messages show it: its prefix and its last four characters."""
    if len(key) <= 12:
        return "*" * len(key)
    prefix = key[:8] if key[:3] in ("sk_", "rk_", "pk_") else ""
    return prefix + "*" * (len(key) - len(prefix) - 4) + key[-4:]
