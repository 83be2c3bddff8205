"""Where events may be delivered: to this machine and its private networks, and to hosts that are
allowed by name.

Whoever may register an endpoint must not reach through the sandbox what they cannot reach
themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from stripe_sandbox import errors

ANYWHERE = "*"
"""Named as a host: any public one."""

_PRIVATE_NETWORKS = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/32", "127.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12",
        "192.168.0.0/16", "::/128", "::1/128", "fc00::/7",
    )
)  # fmt: skip
_METADATA = frozenset(
    map(ip_address, ("100.100.100.200", "168.63.129.16", "fd00:ec2::254", "fd20:ce::254"))
)
"""Where clouds serve a machine its own secrets, beside the link-local 169.254.169.254."""


class Destinations:
    """Decides by the address that a host resolves to, so that no name circumvents it; `hosts` are
    the public ones that are allowed."""

    def __init__(self, hosts: Iterable[str] = ()) -> None:
        self._hosts = {host.lower() for host in hosts}

    def allow(self, url: str) -> None:
        """Allow the URL's host from now on."""
        self._hosts.add(_host(url))

    def permits(self, host: str, address: str) -> bool:
        """Whether that address of the host may be connected to: never a link-local one, nor one of
        a cloud's metadata."""
        ip = _unwrap(address)
        if ip.is_link_local or ip.is_multicast or ip in _METADATA:
            return False
        if any(ip in network for network in _PRIVATE_NETWORKS):
            return True
        return ANYWHERE in self._hosts or host.lower() in self._hosts

    def refusal(self, url: str) -> str | None:
        """Why nothing is sent to the URL; None when it may be, or when its host has to be resolved
        first."""
        host = _host(url)
        try:
            permitted = self.permits(host, host)
        except ValueError:
            return None
        return None if permitted else reason(host)

    def check(self, url: str, param: str) -> None:
        """Raise a StripeError if nothing would be sent to the URL."""
        refusal = self.refusal(url)
        if refusal is not None:
            raise errors.invalid(f"Invalid URL: {refusal}", param, "url_invalid")


def reason(host: str) -> str:
    """Why nothing is sent to the host."""
    return (
        f"the local sandbox does not deliver events to {host}, only to this machine and its "
        f"private networks. --deliver-to {host} allows a public host."
    )


def _host(url: str) -> str:
    # A thirtieth of a start, and many sandboxes deliver nothing.
    from yarl import URL

    return URL(url).host or ""


def _unwrap(address: str) -> IPv4Address | IPv6Address:
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        return ip.ipv4_mapped or ip.sixtofour or ip
    return ip
