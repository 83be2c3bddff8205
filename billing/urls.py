"""Web addresses that others wrote."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

_PLAIN = re.compile(r"https://[A-Za-z0-9.-]+/[!-\[\]-~]*")  # as Stripe's own, known at a glance
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\\]")


def web_url(url: object) -> str | None:
    """``url`` when a browser may be sent there: http or https, with a host, nothing to mislead
    it; else None."""
    if not isinstance(url, str):
        return None
    if _PLAIN.fullmatch(url):
        return url
    if _UNSAFE.search(url):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.hostname else None


WEBHOOK_PATH = "/api/billing/stripe/webhook"


def webhook_url(public_url: str) -> str:
    """The address to register in Stripe."""
    return f"{public_url}{WEBHOOK_PATH}"


def is_private(url: str) -> bool:
    """No machine on the internet can reach it: localhost, a private network, a bare name."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local", ".internal", ".test"))


BILLING_PATH = "/app/billing"
CHANGES_PATH = "/api/billing/changes"
