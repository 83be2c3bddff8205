"""Which address a request comes from, and whose word is taken on who is signed in."""

from __future__ import annotations

import asyncio
from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest
import requests
from starlette.requests import Request
from starlette.responses import JSONResponse

from billing.http.guards.trusted_proxies import (
    TrustedProxies,
    client_address,
    ignore_forwarded_headers,
)
from tests.support.servers.server import serving

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

PROXIES = ("10.0.0.5", "172.16.0.0/12")
USER = b"x-forwarded-email"


def seen(
    peer: str | None,
    *headers: tuple[bytes, bytes],
    proxies: tuple[str, ...] = (),
    type_: str = "http",
) -> Scope:
    """What the app sees of a request from ``peer``."""
    found: list[Scope] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        found.append(scope)

    async def unused(*_: object) -> None:
        raise AssertionError

    guarded = TrustedProxies(app, tuple(map(ip_network, proxies)), "X-Forwarded-Email")
    scope = {
        "type": type_,
        "scheme": "ws" if type_ == "websocket" else "http",
        "client": (peer, 4711) if peer else None,
        "headers": list(headers),
    }
    asyncio.run(guarded(scope, unused, unused))  # type: ignore[arg-type]
    return found[0]


@pytest.mark.parametrize("type_", ["http", "websocket"])
@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "address"),
    [
        ("127.0.0.1", "203.0.113.9", (), "203.0.113.9"),
        ("127.8.0.1", "203.0.113.9", (), "203.0.113.9"),
        ("::1", "2001:db8::9", (), "2001:db8::9"),
        ("::ffff:127.0.0.1", "203.0.113.9", (), "203.0.113.9"),
        ("203.0.113.1", "203.0.113.9", (), "203.0.113.1"),
        ("::ffff:203.0.113.1", "203.0.113.9", (), "203.0.113.1"),
        ("127.0.0.1", "203.0.113.9", PROXIES, "127.0.0.1"),
        ("10.0.0.5", "203.0.113.9", PROXIES, "203.0.113.9"),
        ("172.17.0.1", "203.0.113.9:5123", PROXIES, "203.0.113.9"),
        ("172.17.0.1", "[2001:db8::9]:5123", PROXIES, "2001:db8::9"),
        ("10.0.0.5", "192.0.2.66, 203.0.113.9", PROXIES, "203.0.113.9"),
        ("10.0.0.5", "192.0.2.66, 203.0.113.9, 172.20.1.1", PROXIES, "203.0.113.9"),
        ("10.0.0.5", "172.20.1.2, 172.20.1.1", PROXIES, "172.20.1.2"),
        ("10.0.0.5", "203.0.113.9, nonsense", PROXIES, "10.0.0.5"),
        ("10.0.0.5", "nonsense, 172.20.1.1", PROXIES, "172.20.1.1"),
        ("10.0.0.5", "", PROXIES, "10.0.0.5"),
        (None, "203.0.113.9", PROXIES, None),
    ],
)
def test_the_address_is_the_peers_or_the_last_one_that_a_trusted_proxy_did_not_write(
    peer: str | None, forwarded: str, proxies: tuple[str, ...], address: str | None, type_: str
) -> None:
    header = (b"x-forwarded-for", forwarded.encode())
    scope = seen(peer, header, proxies=proxies, type_=type_)
    assert client_address(scope) == address


def test_what_a_client_sent_stands_before_what_the_proxy_added_in_a_header_of_its_own() -> None:
    forged, added = (b"x-forwarded-for", b"192.0.2.66"), (b"x-forwarded-for", b"203.0.113.9")
    assert client_address(seen("127.0.0.1", forged, added)) == "203.0.113.9"


@pytest.mark.parametrize(
    ("peer", "type_", "forwarded", "scheme"),
    [
        ("127.0.0.1", "http", b"https", "https"),
        ("127.0.0.1", "websocket", b"https", "wss"),
        ("127.0.0.1", "websocket", b"wss", "wss"),
        ("127.0.0.1", "http", b"gopher", "http"),
        ("203.0.113.1", "http", b"https", "http"),
        ("203.0.113.1", "websocket", b"https", "ws"),
    ],
)
def test_only_a_trusted_proxy_says_that_it_was_asked_over_tls(
    peer: str, type_: str, forwarded: bytes, scheme: str
) -> None:
    scope = seen(peer, (b"x-forwarded-proto", forwarded), type_=type_)
    assert scope["scheme"] == scheme


@pytest.mark.parametrize("type_", ["http", "websocket"])
def test_the_users_header_is_taken_from_whoever_is_no_proxy_however_it_is_written(
    type_: str,
) -> None:
    copies = [(USER, b"a@x.test"), (USER, b"b@x.test"), (b"x_forwarded_email", b"c@x.test")]
    other = (b"x-other", b"stays")
    assert seen("203.0.113.1", other, *copies, type_=type_)["headers"] == [other]
    assert seen("127.0.0.1", other, *copies, type_=type_)["headers"] == [other, *copies[:2]]


def test_uvicorn_takes_no_address_from_a_header_before() -> None:
    async def peer(scope: Scope, receive: Receive, send: Send) -> None:
        answer = JSONResponse([scope["client"][0], Request(scope).url.scheme])
        await answer(scope, receive, send)

    headers = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    with serving(peer, prepare=ignore_forwarded_headers) as url:
        assert requests.get(url, headers=headers, timeout=10).json() == ["127.0.0.1", "http"]
