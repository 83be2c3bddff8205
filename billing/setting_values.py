"""What each setting may hold.

Each takes a setting's name and its value as written, and answers the value to use, or raises the
``NotConfigured`` that says what it holds instead and how to mend it.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from pydantic import SecretStr

from billing.errors import NotConfigured


def secret_key(name: str, value: SecretStr) -> SecretStr:
    key = value.get_secret_value()
    if re.fullmatch(r"(sk|rk)_test_\S+", key):
        return value
    if key.startswith(("sk_live_", "rk_live_")):
        raise NotConfigured(
            name,
            f"{name} holds a live key. This dashboard is for testing only and refuses live keys.",
            "Use a test key (sk_test_… or rk_test_…) from a Stripe sandbox, and roll the live "
            "key if it was shared.",
        )
    kind = (
        "a publishable key"
        if key.startswith("pk_")
        else "a webhook signing secret"
        if key.startswith("whsec_")
        else "no Stripe key"
    )
    raise NotConfigured(
        name, f"{name} holds {kind}.", "Set it to a secret test key: sk_test_… or rk_test_…"
    )


def webhook_secrets(name: str, value: SecretStr) -> tuple[SecretStr, ...]:
    secrets = [part.strip() for part in value.get_secret_value().split(",") if part.strip()]
    for secret in secrets:
        if not re.fullmatch(r"whsec_\S+", secret):
            held = (
                "an API key"
                if secret.startswith(("sk_", "rk_", "pk_"))
                else "a webhook endpoint's id"
                if secret.startswith("we_")
                else "a value"
            )
            raise NotConfigured(
                name,
                f"{name} holds {held} where a signing secret belongs.",
                "Copy the endpoint's signing secret (whsec_…) from the Dashboard, or from "
                "`stripe listen`; separate several with commas.",
            )
    return tuple(SecretStr(secret) for secret in secrets)


def price_id(name: str, value: str) -> str:
    if value.startswith("prod_"):
        raise NotConfigured(
            name,
            f"{name} holds a Product id (prod_…) where a Price id belongs.",
            "Open the product in the Stripe Dashboard and copy the id of its Price (price_…).",
        )
    if not re.fullmatch(r"price_\w+", value):
        raise NotConfigured(
            name, f"{name} is not a Price id.", "Set it to an id that begins with price_."
        )
    return value


def base_url_with_path(name: str, value: str) -> str:
    parts = urlsplit(value)
    try:
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or parts.username or re.search(r"\s", value):
        raise NotConfigured(
            name, f"{name} is not a base URL.", "Write it like http://localhost:8501"
        )
    return value.rstrip("/")


def base_url(name: str, value: str) -> str:
    url = base_url_with_path(name, value)
    if urlsplit(url).path:
        raise NotConfigured(
            name,
            f"{name} has a path; it is the base URL of this app.",
            "Leave only scheme, host and port, like https://billing.example.com",
        )
    return url


def database_url(_name: str, value: SecretStr) -> SecretStr:
    return value  # judged by the store, which knows the engines


def max_credits(name: str, value: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,5}", value):
        raise NotConfigured(
            name, f"{name} is not a whole number from 1 to 999999.", "Write it like 1000."
        )
    return int(value)


def host_names(name: str, value: str) -> tuple[str, ...]:
    """Separated by commas; as a browser sends them: lower case, and ASCII also where people write
    other letters."""
    names = []
    for written in filter(None, re.split(r"[,\s]+", value)):
        try:
            host = written.removesuffix(".").encode("idna").decode().lower()
        except UnicodeError:
            host = ""
        if not re.fullmatch(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?", host):
            raise NotConfigured(
                name,
                f"{name} holds something that is not a host name.",
                "Write names alone, without scheme, port or wildcard, separated by commas: "
                "dashboard,billing.internal",
            )
        names.append(host)
    return tuple(names)


def header_name(name: str, value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9-]+", value):
        raise NotConfigured(
            name,
            f"{name} is not the name of one HTTP header.",
            "Write the name alone, like X-Forwarded-Email.",
        )
    return value
