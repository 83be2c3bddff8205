"""Where a request comes from: its peer's own address, unless the peer is a proxy that is trusted.

Anybody can send ``X-Forwarded-For``, and the header in which a proxy names who is signed in.
https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/X-Forwarded-For
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

if TYPE_CHECKING:
    from collections.abc import Awaitable

    import uvicorn
    from starlette.types import ASGIApp, Receive, Scope, Send

    Ip = IPv4Address | IPv6Address
    Network = IPv4Network | IPv6Network

MAX_LENGTH = 100  # of an IP address, with its port, zone and spaces
LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1"))
SCHEMES = {
    "http": {b"http": "http", b"https": "https"},
    "websocket": {b"http": "ws", b"https": "wss", b"ws": "ws", b"wss": "wss"},
}


def client_address(scope: Scope) -> str | None:
    """The IP address that a request comes from; behind ``TrustedProxies`` the client's."""
    client = scope.get("client")
    return client[0] if client else None


def ignore_forwarded_headers(config: uvicorn.Config) -> None:
    """Have uvicorn leave a request's peer and scheme as they are, whatever its headers say.

    ``config`` is loaded, and its server does not listen yet.
    """
    if isinstance(config.loaded_app, ProxyHeadersMiddleware):
        config.loaded_app = config.loaded_app.app


class TrustedProxies:
    """Takes the client's address and the scheme from ``X-Forwarded-For`` and ``-Proto``, of
    requests from ``proxies`` alone (loopback when empty), and ``user_header`` from all others.
    """

    def __init__(
        self, app: ASGIApp, proxies: tuple[Network, ...] = (), user_header: str | None = None
    ) -> None:
        self._app = app
        self._proxies = proxies or LOOPBACK
        self._user_header = user_header.lower().encode() if user_header else None
        self._peer = lru_cache(maxsize=1024)(self._find_peer)
        self._is_trusted = lru_cache(maxsize=1024)(self._is_proxy)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] in SCHEMES:
            peer, is_trusted = self._peer(client_address(scope) or "")
            if peer:
                scope["client"] = (peer, scope["client"][1])
            if is_trusted:
                self._believe(scope)
            if self._user_header:
                scope["headers"] = [
                    header
                    for header in scope["headers"]
                    if not self._names_user(header[0])
                    or (is_trusted and header[0] == self._user_header)
                ]
        return self._app(scope, receive, send)

    def _believe(self, scope: Scope) -> None:
        """Set the client and the scheme to what the proxy says."""
        hops: list[bytes] = []
        for name, value in scope["headers"]:
            if name == b"x-forwarded-for":
                hops += value.split(b",")
            elif name == b"x-forwarded-proto":
                schemes = SCHEMES[scope["type"]]
                scope["scheme"] = schemes.get(value.strip().lower(), scope["scheme"])
        # Each proxy adds whom it was asked by: what stands before the first that is not trusted
        # was sent by anybody.
        for hop in reversed(hops):
            address = parse_ip(hop.decode("latin-1"))
            if address is None:
                return
            scope["client"] = (str(address), 0)
            if not self._is_trusted(address):
                return

    def _names_user(self, name: bytes) -> bool:
        """Also as ``X_Forwarded_Email``, which some servers take for the same header."""
        return name.replace(b"_", b"-") == self._user_header

    def _find_peer(self, address: str) -> tuple[str, bool]:
        """The address as it is written here, and whether it is a trusted proxy's."""
        peer = parse_ip(address)
        return (str(peer), self._is_trusted(peer)) if peer is not None else ("", False)

    def _is_proxy(self, address: Ip) -> bool:
        return any(address in network for network in self._proxies)


def parse_ip(text: str) -> Ip | None:
    """The IP address in ``text``, also with a port; IPv4 where it is mapped into IPv6."""
    return _parse_ip(text) if len(text) <= MAX_LENGTH else None


@lru_cache(maxsize=1024)
def _parse_ip(text: str) -> Ip | None:
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
