"""Endpoints by the controls: how deliveries go, and rolling a signing secret."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from starlette.responses import Response

from tests.support.stripe.sandbox_server import SandboxServer
from tests.support.waiting import wait_for

HOUR = 3_600


def _ensure(server: SandboxServer) -> tuple[str, str]:
    """The id of the endpoint and its secret."""
    secret = server.sandbox.ensure_webhook_endpoint(url=server.receiver.url, description="shop")
    return server.stripe.v1.webhook_endpoints.list().data[0].id, secret


def _roll(server: SandboxServer, endpoint: str, seconds: float) -> str:
    body = {"former_valid_seconds": seconds}
    rolled = server.control("POST", f"endpoints/{endpoint}/roll_secret", body)
    return str(rolled["secret"])


def _shown(server: SandboxServer, endpoint: str) -> dict[str, Any]:
    found: dict[str, Any] = server.control("GET", "endpoints")["endpoints"][endpoint]
    return found


def _signed_by(server: SandboxServer, *secrets: str) -> list[bool]:
    """Whether each secret signed a delivery that is sent now."""
    before = len(server.receiver.received)
    server.stripe.v1.customers.create(params={"name": "One"})
    wait_for(lambda: len(server.receiver.received) > before)
    headers, body = server.receiver.received[-1]

    def signed(secret: str) -> bool:
        try:
            signature = headers["stripe-signature"]
            stripe.WebhookSignature.verify_header(body.decode(), signature, secret)
        except stripe.SignatureVerificationError:
            return False
        return True

    return [signed(one) for one in secrets]


def test_a_rolled_secret_and_the_former_one_both_sign_until_that_ends(
    server: SandboxServer,
) -> None:
    endpoint, first = _ensure(server)
    second = _roll(server, endpoint, HOUR)
    assert _signed_by(server, first, second) == [True, True]
    assert _shown(server, endpoint)["former_secret_until"] == server.clock.time() + HOUR
    assert server.sandbox.signing_secrets(server.receiver.url) == [second, first]
    server.clock.advance(HOUR + 1)
    assert _signed_by(server, first, second) == [False, True]
    assert _shown(server, endpoint)["former_secret_until"] is None
    third = _roll(server, endpoint, 0)
    assert _signed_by(server, second, third) == [False, True]
    assert _ensure(server) == (endpoint, third)


def test_the_secret_of_a_thin_destination_is_rolled_likewise(server: SandboxServer) -> None:
    made = server.stripe.v2.core.event_destinations.create(
        {
            "name": "thin",
            "type": "webhook_endpoint",
            "event_payload": "thin",
            "enabled_events": ["v1.customer.created"],
            "webhook_endpoint": {"url": server.receiver.url},
            "include": ["webhook_endpoint.signing_secret"],
        }
    )
    assert made.webhook_endpoint
    first = str(made.webhook_endpoint.signing_secret)
    second = _roll(server, made.id, HOUR)
    assert _signed_by(server, first, second) == [True, True]
    assert server.sandbox.signing_secrets(server.receiver.url) == [second, first]


@pytest.mark.parametrize(
    ("endpoint", "seconds", "status"), [("we_none", 0, 404), ("", 86_401, 400), ("", -1, 400)]
)
def test_a_secret_is_rolled_of_an_endpoint_that_there_is_and_for_a_day_at_most(
    server: SandboxServer, endpoint: str, seconds: float, status: int
) -> None:
    known, secret = _ensure(server)
    body = {"former_valid_seconds": seconds}
    server.control("POST", f"endpoints/{endpoint or known}/roll_secret", body, status)
    assert server.sandbox.signing_secrets(server.receiver.url) == [secret]


def test_an_endpoint_that_fails_says_since_when_and_why_until_it_answers(
    server: SandboxServer,
) -> None:
    endpoint, _ = _ensure(server)
    assert _shown(server, endpoint) == {"waiting": 0, "failed": 0, "former_secret_until": None}
    server.receiver.answer = lambda: Response(status_code=503)
    for name in ("One", "Two"):
        server.stripe.v1.customers.create(params={"name": name})
    tried_again_at = server.clock.time() + 10
    wait_for(lambda: _shown(server, endpoint).get("next_attempt") == tried_again_at)
    found = _shown(server, endpoint)
    assert (found["waiting"], found["failed"]) == (2, 0)
    assert (found["status"], found["error"]) == (503, None)
    assert found["failing_since"] == server.clock.time()
    server.clock.advance(1)
    server.receiver.answer = lambda: Response()
    server.stripe.v1.customers.create(params={"name": "Three"})
    wait_for(lambda: "failing_since" not in _shown(server, endpoint))
    assert _shown(server, endpoint)["waiting"] == 2
