"""Under which names the app may be reached, and whose pages may speak to it.

Any name can be made to lead to this machine (DNS rebinding), and a page of any site can send
requests here. Browsers say in ``Host`` which address was asked and in ``Origin`` whose page asks.
https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Origin
"""

from __future__ import annotations

import ipaddress
import re
from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

MAX_LENGTH = 300  # of a Host or an Origin; a name has at most 253 characters
DEFAULT_PORTS = {"http": 80, "https": 443}
NO_HOST = "The request's Host header names no host. See BILLING_ALLOWED_HOSTS."
_AUTHORITY = re.compile(r"(?:\[(?P<ipv6>[^\[\]]+)\]|(?P<name>[A-Za-z0-9_.-]+))(?::(?P<port>\d+))?")
_ORIGIN = re.compile(r"(?P<scheme>https?)://(?P<authority>[^/?#@\\]+)", re.IGNORECASE)


class Address(NamedTuple):
    """A host, in lower case and without a final dot, and a port, None where none was named."""

    host: str
    port: int | None


class AllowedHosts:
    """Decides on the ``Host`` and ``Origin`` of a request.

    ``names`` are allowed besides localhost, IP addresses (to which no name can be rebound) and
    the host of ``public_url``, whose pages are this app's own however a proxy asks for them.
    """

    def __init__(self, names: tuple[str, ...] = (), public_url: str | None = None) -> None:
        self._public = _origin_of(public_url) if public_url else None
        self._names = {"localhost", *(name.lower() for name in names if name)}
        if self._public:
            self._names.add(self._public[1].host)
        self._decide = lru_cache(maxsize=1024)(self._decision)

    def refusal(self, host: str | None, origin: str | None, *, is_secure: bool) -> str | None:
        """Why a request is refused, in words; None when it may pass.

        ``is_secure``: it is known to have come over TLS.
        """
        if host is None or len(host) > MAX_LENGTH:
            return NO_HOST
        if origin is not None and len(origin) > MAX_LENGTH:
            origin = ""
        return self._decide(host, origin, is_secure)

    def is_foreign(self, host: str | None, origin: str | None, *, is_secure: bool) -> bool:
        """The request comes from another address's page."""
        address = parse_authority(host or "")
        return origin is not None and not (
            address is not None and self._is_own(address, origin, is_secure)
        )

    def _decision(self, host: str, origin: str | None, is_secure: bool) -> str | None:
        address = parse_authority(host)
        if address is None:
            return NO_HOST
        if address.host not in self._names and not _is_ip(address.host):
            return (
                f"This app does not answer at {address.host}. To allow that name, add it to "
                "BILLING_ALLOWED_HOSTS."
            )
        if origin is not None and not self._is_own(address, origin, is_secure):
            return (
                "Pages of other sites cannot use this app. If people open it at another address, "
                "set PINGPOINT_PUBLIC_URL to that address and list further host names in "
                "BILLING_ALLOWED_HOSTS."
            )
        return None

    def _is_own(self, address: Address, origin: str, is_secure: bool) -> bool:
        parsed = _origin(origin)
        if parsed is None:
            return False
        scheme, page = parsed
        if parsed == self._public:
            return True
        # Behind a proxy that speaks TLS, a page's https is http here: its default port counts.
        port = address.port or DEFAULT_PORTS["https" if is_secure else scheme]
        return page == Address(address.host, port)


def parse_authority(authority: str) -> Address | None:
    """The host and port that a ``Host`` header names; None when it names none."""
    return _parse_authority(authority) if len(authority) <= MAX_LENGTH else None


@lru_cache(maxsize=1024)
def _parse_authority(authority: str) -> Address | None:
    match = _AUTHORITY.fullmatch(authority)
    if match is None or int(match["port"] or 0) > 65_535:
        return None
    host = match["ipv6"] or match["name"]
    if match["ipv6"] and not _is_ip(host):
        return None
    return Address(host.lower().removesuffix("."), int(match["port"]) if match["port"] else None)


def _origin(text: str) -> tuple[str, Address] | None:
    """Scheme and address of an origin, with its port; None for ``null`` and what is none."""
    match = _ORIGIN.fullmatch(text)
    address = match and parse_authority(match["authority"])
    if not match or not address:
        return None
    scheme = match["scheme"].lower()
    return scheme, Address(address.host, address.port or DEFAULT_PORTS[scheme])


def _origin_of(url: str) -> tuple[str, Address] | None:
    """As browsers write it, who know no other letters in a name than ASCII's."""
    scheme, netloc = urlsplit(url)[:2]
    with suppress(UnicodeError):
        netloc = netloc.encode("idna").decode()
    return _origin(f"{scheme}://{netloc}")


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
