"""E-mail addresses and web addresses as Stripe checks them."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from stripe_sandbox import errors

_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f.]+(\.[^@\s\x00-\x1f\x7f.]+)+\Z")
_HOST = re.compile(r"[^\s/@:]+\Z")


def check_email(email: str, param: str) -> None:
    """Raise a StripeError unless it is an e-mail address."""
    if len(email) > 512 or not _EMAIL.match(email):
        raise errors.invalid(f"Invalid email address: {email}", param, "email_invalid")


def check_url(url: str, param: str) -> None:
    """Raise a StripeError unless it is an absolute http or https URL."""
    if "://" not in url:
        raise errors.invalid(
            "Invalid URL: An explicit scheme (such as https) must be provided.",
            param,
            "url_invalid",
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    host = parts.hostname or ""
    right = parts.scheme in ("http", "https") and _HOST.match(host.strip("[]").replace(":", ""))
    if not right or port == 0 or len(url) > 5_000 or any(sign.isspace() for sign in url):
        raise errors.invalid("Not a valid URL", param, "url_invalid")
