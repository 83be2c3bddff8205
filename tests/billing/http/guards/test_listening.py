"""Which addresses are reached from this machine only."""

from __future__ import annotations

import pytest

from billing.http.guards.listening import addresses_of, is_loopback

NAMES = {
    "me.internal": ["127.0.1.1"],
    "server.internal": ["192.0.2.7"],
    "both.internal": ["127.0.0.1", "192.0.2.7"],
    "127.1": ["127.0.0.1"],
    "0": ["0.0.0.0"],  # noqa: S104 - nothing is bound
}


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("[::1]", True),
        ("::ffff:127.0.0.1", True),
        ("[::ffff:127.0.0.1]", True),
        ("me.internal", True),
        ("127.1", True),
        (None, False),
        ("", False),
        ("0.0.0.0", False),  # noqa: S104
        ("0", False),
        ("::", False),
        ("[::]", False),
        ("::ffff:0.0.0.0", False),
        ("::ffff:192.0.2.7", False),
        ("192.0.2.7", False),
        ("fe80::1%eth0", False),
        ("server.internal", False),
        ("both.internal", False),
        ("unknown.internal", False),
    ],
)
def test_an_address_is_this_machines_only_when_it_is_loopback_and_nothing_else(
    address: str | None, expected: bool
) -> None:
    assert is_loopback(address, lambda name: NAMES.get(name, [])) is expected


def test_names_are_looked_up_where_the_server_listens() -> None:
    assert addresses_of("127.1") == ["127.0.0.1"]
    assert addresses_of("name.invalid") == []
    assert addresses_of("." * 300) == []
