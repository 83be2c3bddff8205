"""Whether a server is reached from this machine only, by the address that it listens on."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def addresses_of(name: str) -> list[str]:
    """The IP addresses that ``name`` leads to here, also for ``127.1``; none when it leads nowhere.

    Like the server's own: it listens on an IPv4 address, unless it was given an IPv6 one.
    """
    try:
        found = socket.getaddrinfo(name, None, socket.AF_INET, socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [str(address[0]) for *_, address in found]


def is_loopback(address: str | None, resolve: Callable[[str], list[str]] = addresses_of) -> bool:
    """Whoever listens on ``address``, an IP address or a name, is reached from this machine only.

    None and an empty text are every address of the machine. ``resolve`` gives a name's addresses.
    """
    host = (address or "").strip().removeprefix("[").removesuffix("]").removesuffix(".").lower()
    if host == "localhost":
        return True
    if not host:
        return False
    try:
        ip = ip_address(host)
    except ValueError:
        addresses = resolve(host)
        return bool(addresses) and all(map(is_loopback, addresses))
    return (getattr(ip, "ipv4_mapped", None) or ip).is_loopback
