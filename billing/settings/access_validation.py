"""Parses and validates each setting of who comes in, as ``validation`` does the others."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from urllib.parse import urlsplit

from pydantic import SecretStr

from billing.domain.access import Role
from billing.errors import NotConfigured
from billing.settings.validation import http_url, refuse_stray

Network = IPv4Network | IPv6Network

COOKIE_SECRET_LENGTH = 32


def header_name(name: str, value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9-]+", value):
        raise NotConfigured(
            name,
            f"{name} is not the name of one HTTP header.",
            "Write only the name, like X-Forwarded-Email.",
        )
    return value


def networks(name: str, value: str) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(part) for part in _parts(value))
    except ValueError:
        raise NotConfigured(
            name,
            f"{name} holds something that is neither an IP address nor a network.",
            "Separate addresses and networks with commas: 10.0.0.5, 172.16.0.0/12",
        ) from None


def metadata_url(name: str, value: str) -> str:
    url = http_url(name, value)
    if not urlsplit(url).path.endswith("/.well-known/openid-configuration"):
        raise NotConfigured(
            name,
            f"{name} is not the address of a discovery document.",
            "It ends with /.well-known/openid-configuration",
        )
    return url


def one_word(name: str, value: str) -> str:
    refuse_stray(name, value, "Copy it from the provider's page of this application.")
    return value


def secret(name: str, value: str) -> SecretStr:
    return SecretStr(one_word(name, value))


def cookie_secret(name: str, value: str) -> SecretStr:
    if len(value) < COOKIE_SECRET_LENGTH:
        raise NotConfigured(
            name,
            f"{name} is shorter than {COOKIE_SECRET_LENGTH} characters.",
            "Set it to a long random text, such as openssl rand -hex 32 prints.",
        )
    return SecretStr(value)


def members(name: str, value: str) -> tuple[str, ...]:
    """Emails, ``@domain``s and ``group:NAME``s; emails and domains in lower case."""
    found = []
    for part in _parts(value):
        group = part.removeprefix("group:").strip()
        if group != part and group:
            found.append(f"group:{group}")
        elif re.fullmatch(r"[^@\s]*@[^@\s]+", part):
            found.append(part.casefold())
        else:
            raise NotConfigured(
                name,
                f"{name} holds something that is no email, @domain or group:NAME.",
                "Separate them with commas: ann@example.com, @example.com, group:payments",
            )
    return tuple(found)


def role_of_anonymous(name: str, value: str) -> Role | None:
    if value.lower() in ("0", "false", "no", "off"):
        return None
    if value.lower() in ("1", "true", "yes", "on", Role.TESTER):
        return Role.TESTER
    if value.lower() == Role.ADMIN:
        return Role.ADMIN
    raise NotConfigured(
        name,
        f"{name} is neither 1 nor admin.",
        "Set it to 1 to make everybody a tester, or to admin to make everybody an admin.",
    )


def _parts(value: str) -> list[str]:
    return [part for part in (one.strip() for one in value.split(",")) if part]
