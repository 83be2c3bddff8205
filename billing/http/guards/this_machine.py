"""Requests that come from this machine, to a server that listens on nothing else.

A tunnel or a proxy on this machine brings other people's here as well. They are told by the host
that they ask for, and by the headers that such a program adds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.http.guards.allowed_hosts import parse_authority
from billing.http.guards.host_guard import host_and_origin
from billing.http.guards.trusted_proxies import client_address, parse_ip

if TYPE_CHECKING:
    from starlette.types import Scope

FORWARDING = frozenset(
    (
        *(
            b"forwarded",
            b"via",
            b"cdn-loop",
            b"true-client-ip",
            b"x-client-ip",
            b"x-cluster-client-ip",
        ),
        *(b"x-original-host", b"x-original-url", b"x-original-forwarded-for", b"x-proxyuser-ip"),
        *(b"fastly-client-ip", b"fly-client-ip", b"x-azure-clientip", b"x-amzn-trace-id"),
    )
)
# Of proxies and load balancers, and of tunnels: Cloudflare's, Tailscale's, ngrok's.
FORWARDING_PREFIXES = (
    *(b"x-forwarded", b"x-real-", b"x-envoy-", b"x-appengine-", b"x-arr-"),
    *(b"cf-", b"tailscale-", b"ngrok-", b"x-ngrok-", b"x-tunnel"),
)


def foreign_sign(scope: Scope, bound: str | None) -> str | None:
    """What shows that a request comes from elsewhere, in words; None for one of this machine.

    ``bound`` is the address or the name that the server listens on. A host that cannot be read
    shows nothing.
    """
    for name, _ in scope["headers"]:
        if name in FORWARDING or name.startswith(FORWARDING_PREFIXES):
            return f"it carries the header {name.decode('latin-1').title()[:50]}"
    client = client_address(scope)
    if client is not None and not _is_loopback_ip(client):
        return f"it comes from {client}"
    host, _ = host_and_origin(scope)
    address = parse_authority(host or "")
    own = ("localhost", (bound or "").lower().removesuffix("."))
    if address is None or address.host in own or _is_loopback_ip(address.host):
        return None
    return f"it asks for {address.host[:100]}"


def _is_loopback_ip(host: str) -> bool:
    ip = parse_ip(host)
    return ip is not None and ip.is_loopback
