"""Faults: webhooks late, doubled, shuffled, lost; an API that refuses, or answers slowly."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import stripe

from stripe_sandbox.faults import SHUFFLED_WITHIN
from tests.support.stripe.sandbox_server import SandboxServer, refused, sandbox_server
from tests.support.waiting import wait_for

NONE: dict[str, Any] = {
    "webhooks": {"delay_seconds": 0, "duplicates": 0, "shuffle": False, "drop": False},
    "api": {"status": None, "delay_seconds": 0, "requests": None},
}


def _listen(server: SandboxServer, **webhooks: Any) -> None:
    server.sandbox.ensure_webhook_endpoint(url=server.receiver.url, description="shop")
    server.control("PUT", "faults", {"webhooks": webhooks})


def _pay(server: SandboxServer) -> list[str]:
    """The ids of the events of a paid session."""
    body = {"card": "4242424242424242"}
    events: list[str] = server.control("POST", f"sessions/{server.create().id}/pay", body)["events"]
    return events


def _received(server: SandboxServer) -> list[str]:
    return [event["id"] for event in server.receiver.events()]


def _customer(server: SandboxServer) -> stripe.Customer:
    return server.stripe.v1.customers.create(params={"name": "One"})


def test_faults_are_shown_and_cleared(server: SandboxServer) -> None:
    """PUT sets exactly what it says, everything else is off; an empty PUT clears all."""
    assert server.control("GET", "faults") == NONE
    given = {
        "webhooks": {"delay_seconds": 2.5, "duplicates": 2, "shuffle": True, "drop": True},
        "api": {"status": 429, "delay_seconds": 0.5, "requests": 3},
    }
    assert server.control("PUT", "faults", given) == given
    assert server.control("GET", "faults") == given
    only = {"webhooks": {"drop": True}}
    expected = {**NONE, "webhooks": {**NONE["webhooks"], "drop": True}}
    assert server.control("PUT", "faults", only) == expected
    assert server.control("PUT", "faults", {}) == NONE


def test_a_restart_keeps_the_faults(tmp_path: Path) -> None:
    """They are the database's, so every process that shares it commits them."""
    database = tmp_path / "sandbox.sqlite3"
    with sandbox_server(database) as server:
        server.control("PUT", "faults", {"api": {"status": 500}})
    with sandbox_server(database) as server, sandbox_server(database) as other:
        assert server.control("GET", "faults")["api"]["status"] == 500
        other.control("PUT", "faults", {})
        assert server.control("GET", "faults") == NONE
        _customer(server)


def test_late_webhooks(server: SandboxServer) -> None:
    """None before the delay has passed, all of them afterwards."""
    _listen(server, delay_seconds=30)
    events = _pay(server)
    server.control("PUT", "faults", {})
    server.clock.advance(29)
    _customer(server)
    wait_for(lambda: len(_received(server)) == 1)  # the one that is not late
    assert not set(events) & set(_received(server))
    server.clock.advance(1)
    wait_for(lambda: sorted(_received(server)[1:]) == sorted(events))


def test_doubled_webhooks(server: SandboxServer) -> None:
    """Each is sent as many times more as asked, the same event under the same id."""
    _listen(server, duplicates=2)
    events = _pay(server)
    wait_for(lambda: Counter(_received(server)) == dict.fromkeys(events, 3))
    wait_for(lambda: server.control("GET", "state")["deliveries"]["waiting"] == 0)


def test_shuffled_webhooks() -> None:
    """Those of one payment wait together, and go out in an order of chance."""
    with sandbox_server(None, delivery_concurrency=1) as server:
        _listen(server, shuffle=True)
        events = _pay(server) + [event for _ in range(7) for event in _pay(server)]
        assert _received(server) == []
        server.clock.advance(SHUFFLED_WITHIN)
        wait_for(lambda: len(_received(server)) == len(events))
        assert sorted(_received(server)) == sorted(events)
        assert _received(server) != events


def test_unshuffled_webhooks_keep_their_order() -> None:
    """So it is the fault that shuffles."""
    with sandbox_server(None, delivery_concurrency=1) as server:
        _listen(server)
        events = [event for _ in range(8) for event in _pay(server)]
        wait_for(lambda: _received(server) == events)


def test_lost_webhooks(server: SandboxServer) -> None:
    """The first try is never sent and counts as failed; the schedule's next one arrives."""
    _listen(server, drop=True)
    events = _pay(server)
    wait_for(
        lambda: (
            server.sandbox._database.rows("SELECT DISTINCT attempts, state FROM deliveries")
            == [(1, "pending")]
        )
    )
    assert _received(server) == []
    server.clock.advance(10)
    wait_for(lambda: sorted(_received(server)) == sorted(events))
    wait_for(lambda: server.control("GET", "state")["deliveries"]["waiting"] == 0)


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [(429, stripe.RateLimitError, "rate_limit"), (500, stripe.APIError, None)],
)
def test_an_api_that_refuses(
    server: SandboxServer, status: int, error: type[Exception], code: str | None
) -> None:
    """Every request gets Stripe's error, and does nothing, until the fault is cleared."""
    server.control("PUT", "faults", {"api": {"status": status}})
    for _ in range(3):
        problem = refused(lambda: _customer(server))
        assert isinstance(problem, error)
        assert problem.http_status == status
        error_body: Any = problem.json_body
        assert error_body["error"].get("code") == code
        assert problem.request_id is not None
    server.control("PUT", "faults", {})
    assert server.get("/v1/customers")["data"] == []
    _customer(server)


def test_an_api_that_refuses_a_few_times(server: SandboxServer) -> None:
    """After so many requests the fault is over, and says so."""
    server.control("PUT", "faults", {"api": {"status": 500, "requests": 2, "delay_seconds": 0.001}})
    refused(lambda: _customer(server))
    assert server.control("GET", "faults")["api"] == {
        "status": 500, "requests": 1, "delay_seconds": 0.001,
    }  # fmt: skip
    refused(lambda: _customer(server))
    assert server.control("GET", "faults")["api"] == {
        "status": None, "requests": None, "delay_seconds": 0.001,
    }  # fmt: skip
    _customer(server)


def test_a_retry_under_the_same_key_succeeds(server: SandboxServer) -> None:
    """The refusal is not saved under the idempotency key: the SDK's own retries get through."""
    server.control("PUT", "faults", {"api": {"status": 500, "requests": 2}})
    client = stripe.StripeClient(
        "sk_test_sandbox", base_addresses={"api": server.url}, max_network_retries=2
    )
    client.v1.customers.create(params={"name": "One"})
    assert len(server.get("/v1/customers")["data"]) == 1


def test_a_refusal_comes_after_the_key_is_checked(server: SandboxServer) -> None:
    """A wrong key is a wrong key, and uses no fault up."""
    server.control("PUT", "faults", {"api": {"status": 500, "requests": 1}})
    assert server.post("/v1/customers", Authorization="Bearer nonsense").status_code == 401
    assert server.post("/v1/customers").status_code == 500


def test_a_slow_api(server: SandboxServer) -> None:
    """Answers come so much later, errors too; the request is done."""
    server.control("PUT", "faults", {"api": {"delay_seconds": 0.2}})
    started = time.monotonic()
    _customer(server)
    assert time.monotonic() - started >= 0.2
    server.control("PUT", "faults", {"api": {"delay_seconds": 0.2, "status": 429}})
    started = time.monotonic()
    refused(lambda: _customer(server))
    assert time.monotonic() - started >= 0.2


def test_the_page_and_the_controls_are_not_affected(server: SandboxServer) -> None:
    """People can pay while the API is down."""
    session = server.create()
    server.control("PUT", "faults", {"api": {"status": 500}})
    assert len(_events_of(server, session.id)) == 5
    assert server.control("GET", "state")["faults"]["api"]["status"] == 500


def _events_of(server: SandboxServer, session: str) -> list[str]:
    body = {"card": "4242424242424242"}
    answer = server.control("POST", f"sessions/{session}/pay", body)
    events: list[str] = answer["events"]
    return events
