"""The short name of the program that made a request."""

from __future__ import annotations

import re
from functools import lru_cache

from stripe_sandbox.request_log.redaction import redacted_text
from stripe_sandbox.storage.json_text import load

LONGEST = 80
_BINDINGS = re.compile(r"Stripe/v[12] (\w+)Bindings/([\w.]+)", re.ASCII)
_PRODUCT = re.compile(r"([^\s/()]+)(?:/([\w.]+))?", re.ASCII)


@lru_cache(maxsize=256)
def client_name(user_agent: str, sdk_says: str) -> str:
    """`PingPoint` for a program that names itself to Stripe's SDK, `stripe-python 13.2` for one
    that does not, `curl 8.5` for one without the SDK; empty when nothing says so. `user_agent` and
    `sdk_says` are the headers `User-Agent` and `X-Stripe-Client-User-Agent`."""
    return redacted_text(_application(sdk_says) or _sdk_or_product(user_agent))[:LONGEST]


def _application(sdk_says: str) -> str:
    """What the program calls itself, by `set_app_info` (https://docs.stripe.com/building-plugins)."""
    try:
        said = load(sdk_says) if sdk_says else None
    except ValueError:
        return ""
    application = said.get("application") if isinstance(said, dict) else None
    name = application.get("name") if isinstance(application, dict) else None
    return name if isinstance(name, str) else ""


def _sdk_or_product(user_agent: str) -> str:
    bindings = _BINDINGS.match(user_agent)
    if bindings:
        return f"stripe-{bindings[1].lower()} {_short(bindings[2])}"
    product = _PRODUCT.match(user_agent)
    if product is None:
        return ""
    return f"{product[1]} {_short(product[2])}" if product[2] else product[1]


def _short(version: str) -> str:
    """Its first two parts: 13.2 of 13.2.1."""
    return ".".join(version.split(".")[:2])
