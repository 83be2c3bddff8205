"""Parses and validates each setting.

Each takes a setting's name and its text, without blanks around it, and returns the value to use,
or raises the ``NotConfigured`` that says what it holds instead and how to correct it.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from pydantic import SecretStr

from billing.errors import NotConfigured

# What an editor, a shell or an env file leaves in a value.
QUOTES = "\"'`\u2018\u2019\u201c\u201d"
STRAY = (
    (re.compile(f"[{QUOTES}]"), "a quotation mark"),
    (re.compile(r"\\[nrt]"), r"a literal \n"),
    (re.compile(";"), "a semicolon"),
    (re.compile(r"\s"), "a space or a line break"),
)
PRODUCT_NAME_LENGTH = 40
API_KEYS = re.compile(r"(sk|rk|pk)_(test|live)_")


def secret_key(name: str, value: str) -> SecretStr:
    next_step = "Set it to a secret test key: sk_test_… or rk_test_…"
    refuse_stray(name, value, next_step)
    if re.fullmatch(r"(sk|rk)_test_[!-~]+", value):
        return SecretStr(value)
    if value.startswith(("sk_live_", "rk_live_")):
        raise NotConfigured(
            name,
            f"{name} holds a live key. This dashboard is for testing only and refuses live keys.",
            "Use a test key (sk_test_… or rk_test_…) from a Stripe sandbox, and roll the live "
            "key if it was shared.",
        )
    kind = (
        "a publishable key"
        if value.startswith("pk_")
        else "a webhook signing secret"
        if value.startswith("whsec_")
        else "a value that is not a Stripe key"
    )
    raise NotConfigured(name, f"{name} holds {kind}.", next_step)


def webhook_secrets(name: str, value: str) -> tuple[SecretStr, ...]:
    secrets = [part.strip() for part in value.split(",") if part.strip()]
    next_step = (
        "Copy the endpoint's signing secret (whsec_…) from the Dashboard, or from `stripe listen`; "
        "separate several with commas."
    )
    for secret in secrets:
        refuse_stray(name, secret, next_step)
        if not re.fullmatch(r"whsec_[!-~]+", secret):
            held = (
                "an API key"
                if API_KEYS.match(secret)
                else "a webhook endpoint's ID"
                if secret.startswith("we_")
                else "an unknown value"
            )
            raise NotConfigured(
                name, f"{name} holds {held} instead of a signing secret.", next_step
            )
    return tuple(SecretStr(secret) for secret in secrets)


def price_id(name: str, value: str) -> str:
    """Only what is surely none is refused: a Price that was a plan once has an id of any form."""
    if value.startswith("prod_"):
        raise NotConfigured(
            name,
            f"{name} holds a Product ID (prod_…) instead of a Price ID.",
            "Open the product in the Stripe Dashboard and copy the ID of its Price (price_…).",
        )
    next_step = "Copy the ID of the Price (price_…) from the Stripe Dashboard."
    refuse_stray(name, value, next_step)
    held = (
        "an API key"
        if API_KEYS.match(value)
        else "a webhook signing secret"
        if value.startswith("whsec_")
        else "a URL"
        if "://" in value
        else None
    )
    if held:
        raise NotConfigured(name, f"{name} holds {held} instead of a Price ID.", next_step)
    return value


def api_base(name: str, value: str) -> str:
    """Without the ``/v1`` that every path of Stripe's API begins with."""
    return http_url(name, value).removesuffix("/v1").rstrip("/")


def base_url(name: str, value: str) -> str:
    url = http_url(name, value)
    if urlsplit(url).path:
        raise NotConfigured(
            name,
            f"{name} has a path; it is the base URL of this app.",
            "Leave only scheme, host and port, like https://billing.example.com",
        )
    return url


def database_url(name: str, value: str) -> SecretStr:
    """The store knows the engines and checks the rest; a password may hold nearly anything."""
    if value[0] in QUOTES or value[-1] in QUOTES:
        raise NotConfigured(
            name, f"{name} begins or ends with a quotation mark.", "Write it without quotes."
        )
    return SecretStr(value)


def max_credits(name: str, value: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,5}", value):
        raise NotConfigured(
            name, f"{name} is not a whole number from 1 to 999999.", "Write it like 1000."
        )
    return int(value)


def log_format(name: str, value: str) -> str:
    if value not in ("text", "json"):
        raise NotConfigured(name, f"{name} is neither text nor json.", "Write json, or unset it.")
    return value


def webhook_retries(name: str, value: str) -> str:
    if value not in ("quick", "stripe"):
        raise NotConfigured(
            name, f"{name} is neither quick nor stripe.", "Write stripe, or unset it."
        )
    return value


def days(name: str, value: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,3}", value):
        raise NotConfigured(
            name, f"{name} is not a whole number of days from 1 to 9999.", "Write it like 30."
        )
    return int(value)


def request_log_size(name: str, value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,7}", value):
        raise NotConfigured(
            name,
            f"{name} is not a whole number from 0 to 9999999.",
            "Write it like 20000, or 0 to log no requests.",
        )
    return int(value)


def host_names(name: str, value: str) -> tuple[str, ...]:
    """Separated by commas; as a browser sends them: lower case, and ASCII also where people write
    other letters."""
    names = []
    for host_name in filter(None, re.split(r"[,\s]+", value)):
        try:
            host = host_name.removesuffix(".").encode("idna").decode().lower()
        except UnicodeError:
            host = ""
        if not re.fullmatch(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?", host):
            raise NotConfigured(
                name,
                f"{name} holds something that is not a host name.",
                "Write only names, without scheme, port or wildcard, separated by commas: "
                "dashboard,billing.internal",
            )
        names.append(host)
    return tuple(names)


def product_name(name: str, value: str) -> str:
    if len(value) > PRODUCT_NAME_LENGTH or not value.isprintable():
        raise NotConfigured(
            name,
            f"{name} is not a name of at most {PRODUCT_NAME_LENGTH} characters.",
            "Write it like PingPoint, in one line.",
        )
    return value


def http_url(name: str, value: str) -> str:
    """Without a ``/`` at its end, a user name, a query and a fragment."""
    next_step = "Write it like http://localhost:8501"
    refuse_stray(name, value, next_step)
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment:
        raise NotConfigured(name, f"{name} is not a base URL.", next_step)
    if "@" in parts.netloc:
        raise NotConfigured(name, f"{name} contains a user name or a password.", next_step)
    return value.rstrip("/")


def refuse_stray(name: str, value: str, next_step: str) -> None:
    """Raises ``NotConfigured`` where the value holds what none of its kind may."""
    for pattern, held in STRAY:
        if pattern.search(value):
            raise NotConfigured(name, f"{name} contains {held}.", next_step)
