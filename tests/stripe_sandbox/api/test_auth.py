"""A sandbox with a key of its own: it alone opens API and controls, and no page asks for it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
import requests
import stripe

from stripe_sandbox.command import API_KEY, main
from stripe_sandbox.sandbox import SandboxConfig
from tests.support.stripe.sandbox_server import SandboxServer, refused, sandbox_server

if TYPE_CHECKING:
    from collections.abc import Iterator

OWN = "sk_test_of_this_installation"
ASKED = ("/v1/prices", "/v2/core/events", "/_control/state")


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with sandbox_server(None, api_key=OWN) as served:
        yield served


def status(server: SandboxServer, path: str, key: str) -> int:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return requests.get(f"{server.url}{path}", headers=headers, timeout=10).status_code


@pytest.mark.parametrize("key", ["", "sk_test_x", "rk_test_x", OWN[:-1], f"{OWN}x", "sk_test_ü"])
def test_every_other_key_is_401(server: SandboxServer, key: str) -> None:
    sent = key.encode().decode("latin-1")
    assert {status(server, path, sent) for path in ASKED} == {401}


def test_its_own_key_is_accepted_by_bearer_and_by_basic(server: SandboxServer) -> None:
    assert status(server, "/v1/prices", OWN) == 200
    assert status(server, "/_control/state", OWN) == 200
    assert requests.get(f"{server.url}/v1/prices", auth=(OWN, ""), timeout=10).ok


def test_a_wrong_key_is_refused_in_stripes_words(server: SandboxServer) -> None:
    client = stripe.StripeClient("sk_test_of_a_stranger", base_addresses={"api": server.url})
    error = refused(lambda: client.v1.products.list())
    assert isinstance(error, stripe.AuthenticationError)
    assert error.user_message == "Invalid API Key provided: sk_test_*********nger"


def test_a_payment_takes_no_key(server: SandboxServer) -> None:
    client = stripe.StripeClient(OWN, base_addresses={"api": server.url})
    session = client.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "success_url": "https://shop.example/",
            "line_items": [{"price": server.credit, "quantity": 1}],
        }
    )
    assert requests.get(str(session.url), timeout=10).status_code == 200


def test_the_key_is_in_no_repr() -> None:
    assert OWN not in repr(SandboxConfig(api_key=OWN))


def test_the_command_takes_no_live_key(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(API_KEY, "sk_live_x")
    monkeypatch.setattr(sys, "argv", ["stripe_sandbox"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "must begin with sk_test_" in capsys.readouterr().err
