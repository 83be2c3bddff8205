"""E-mail addresses, web addresses, numbers and times as Stripe checks them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from stripe_sandbox import errors

_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f.]+(\.[^@\s\x00-\x1f\x7f.]+)+\Z")
_HOST = re.compile(r"[^\s/@:]+\Z")
_FIVE_YEARS = 5 * 365 * 86_400


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


def check_positive(params: Mapping[str, Any], name: str) -> None:
    """Raise a StripeError if the parameter is given and below 1."""
    if params.get(name, 1) < 1:
        raise errors.invalid(
            "This value must be greater than or equal to 1.", name, "parameter_invalid_integer"
        )


def check_quantity(given: Mapping[str, Any], param: str = "") -> None:
    """Raise a StripeError if the `quantity` that a request gives, in the parameter at `param`, is
    less than none."""
    if (given.get("quantity") or 0) < 0:
        raise errors.invalid(
            "This value must be greater than or equal to 0.",
            f"{param}[quantity]" if param else "quantity",
            "parameter_invalid_integer",
        )


def check_future(params: Mapping[str, Any], name: str, now: int) -> None:
    """Raise a StripeError if the parameter, in Unix seconds, is given and not within the next five
    years."""
    moment = params.get(name)
    if moment is None:
        return
    if moment <= now:
        raise errors.invalid(
            f"The parameter `{name}` expects a unix timestamp representing a date and time in the "
            f"future. You specified the value `{moment}` which is in the past.",
            name,
        )
    if moment > now + _FIVE_YEARS:
        raise errors.invalid(
            "Invalid timestamp: can be no more than five years in the future.", name
        )


def check_return_url(url: str) -> None:
    """Raise a StripeError unless it is an absolute URL, of any scheme: apps have their own."""
    if "://" not in url:
        raise errors.invalid(
            "Invalid URL: An explicit scheme (such as https) must be provided.",
            "return_url",
            "url_invalid",
        )
    if len(url) > 5_000 or any(sign.isspace() or not sign.isprintable() for sign in url):
        raise errors.invalid("Not a valid URL", "return_url", "url_invalid")


def check_length(text: str, longest: int, param: str) -> None:
    """Raise a StripeError if the text has more characters."""
    if len(text) > longest:
        raise errors.invalid(
            f"Invalid string: {text[:10]}...{text[-10:]}; must be at most {longest} characters",
            param,
        )
