"""Which requests come from this machine, and which came through a tunnel or a proxy on it."""

from __future__ import annotations

import pytest

from billing.http.guards.this_machine import foreign_sign


def sign(
    headers: dict[str, str], bound: str = "localhost", client: str = "127.0.0.1"
) -> str | None:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return foreign_sign({"headers": raw, "client": (client, 4711)}, bound)


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "localhost:8501", "LOCALHOST.:8501", "127.0.0.1:8501", "127.9.9.9"),
        *("[::1]:8501", "[::ffff:127.0.0.1]", "me.internal:8501"),
        *("", "nonsense//"),  # refused by the host guard, with its own words
    ],
)
def test_what_asks_for_this_machine_is_its_own(host: str) -> None:
    assert sign({"Host": host, "Accept": "*/*"}, bound="Me.Internal.") is None


@pytest.mark.parametrize(
    "host",
    [
        "billing.example.com",
        "192.0.2.7:8501",
        "0.0.0.0",  # noqa: S104 - a name that was asked for
        "[::]",
        "localhost.example",
        "me.internal",
    ],
)
def test_what_asks_for_another_host_is_not(host: str) -> None:
    assert "it asks for" in (sign({"Host": host}) or "")


@pytest.mark.parametrize(
    "header",
    [
        *("Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP"),
        *("X-Forwarded-Email", "Via", "CF-Connecting-IP", "CF-Ray", "Tailscale-User-Login"),
        *("ngrok-skip-browser-warning", "True-Client-IP", "X-Envoy-External-Address"),
    ],
)
def test_what_a_tunnel_or_a_proxy_brought_is_not(header: str) -> None:
    found = sign({"Host": "localhost", header: "203.0.113.9"})
    assert found is not None
    assert header.lower() in found.lower()


def test_nor_is_what_another_machine_sent_whatever_it_asks_for() -> None:
    assert sign({"Host": "localhost"}, client="::1") is None
    assert "192.0.2.7" in (sign({"Host": "localhost"}, client="192.0.2.7") or "")
