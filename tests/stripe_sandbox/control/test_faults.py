"""Faults: webhooks late, doubled, shuffled, lost; an API that refuses, or answers slowly."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import stripe

from stripe_sandbox.faults import SHUFFLED_WITHIN
from tests.stripe_sandbox.conftest import Box, refused, serve, wait_until

NONE: dict[str, Any] = {
    "webhooks": {"delay_seconds": 0, "duplicates": 0, "shuffle": False, "drop": False},
    "api": {"status": None, "delay_seconds": 0, "requests": None},
}


def _listen(box: Box, **webhooks: Any) -> None:
    box.sandbox.ensure_webhook_endpoint(url=box.receiver.url, description="shop")
    box.control("PUT", "faults", {"webhooks": webhooks})


def _pay(box: Box) -> list[str]:
    """The ids of the events of a paid session."""
    body = {"card": "4242424242424242"}
    events: list[str] = box.control("POST", f"sessions/{box.create().id}/pay", body)["events"]
    return events


def _received(box: Box) -> list[str]:
    return [event["id"] for event in box.receiver.events()]


def _customer(box: Box) -> stripe.Customer:
    return box.stripe.v1.customers.create(params={"name": "One"})


def test_faults_are_shown_and_cleared(box: Box) -> None:
    """PUT sets exactly what it says, everything else is off; an empty PUT clears all."""
    assert box.control("GET", "faults") == NONE
    given = {
        "webhooks": {"delay_seconds": 2.5, "duplicates": 2, "shuffle": True, "drop": True},
        "api": {"status": 429, "delay_seconds": 0.5, "requests": 3},
    }
    assert box.control("PUT", "faults", given) == given
    assert box.control("GET", "faults") == given
    only = {"webhooks": {"drop": True}}
    expected = {**NONE, "webhooks": {**NONE["webhooks"], "drop": True}}
    assert box.control("PUT", "faults", only) == expected
    assert box.control("PUT", "faults", {}) == NONE


def test_a_restart_keeps_the_faults(tmp_path: Path) -> None:
    """They are the database's, so every process that shares it commits them."""
    database = tmp_path / "sandbox.sqlite3"
    with serve(database) as box:
        box.control("PUT", "faults", {"api": {"status": 500}})
    with serve(database) as box, serve(database) as other:
        assert box.control("GET", "faults")["api"]["status"] == 500
        other.control("PUT", "faults", {})
        assert box.control("GET", "faults") == NONE
        _customer(box)


def test_late_webhooks(box: Box) -> None:
    """None before the delay has passed, all of them afterwards."""
    _listen(box, delay_seconds=30)
    events = _pay(box)
    box.control("PUT", "faults", {})
    box.clock.advance(29)
    _customer(box)
    wait_until(lambda: len(_received(box)) == 1)  # the one that is not late
    assert not set(events) & set(_received(box))
    box.clock.advance(1)
    wait_until(lambda: sorted(_received(box)[1:]) == sorted(events))


def test_doubled_webhooks(box: Box) -> None:
    """Each is sent as many times more as asked, the same event under the same id."""
    _listen(box, duplicates=2)
    events = _pay(box)
    wait_until(lambda: Counter(_received(box)) == dict.fromkeys(events, 3))
    wait_until(lambda: box.control("GET", "state")["deliveries"]["waiting"] == 0)


def test_shuffled_webhooks() -> None:
    """Those of one payment wait together, and go out in an order of chance."""
    with serve(None, delivery_concurrency=1) as box:
        _listen(box, shuffle=True)
        events = _pay(box) + [event for _ in range(7) for event in _pay(box)]
        assert _received(box) == []
        box.clock.advance(SHUFFLED_WITHIN)
        wait_until(lambda: len(_received(box)) == len(events))
        assert sorted(_received(box)) == sorted(events)
        assert _received(box) != events


def test_unshuffled_webhooks_keep_their_order() -> None:
    """So it is the fault that shuffles."""
    with serve(None, delivery_concurrency=1) as box:
        _listen(box)
        events = [event for _ in range(8) for event in _pay(box)]
        wait_until(lambda: _received(box) == events)


def test_lost_webhooks(box: Box) -> None:
    """The first try is never sent and counts as failed; the schedule's next one arrives."""
    _listen(box, drop=True)
    events = _pay(box)
    wait_until(
        lambda: (
            box.sandbox._database.rows("SELECT DISTINCT attempts, state FROM deliveries")
            == [(1, "pending")]
        )
    )
    assert _received(box) == []
    box.clock.advance(10)
    wait_until(lambda: sorted(_received(box)) == sorted(events))
    wait_until(lambda: box.control("GET", "state")["deliveries"]["waiting"] == 0)


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [(429, stripe.RateLimitError, "rate_limit"), (500, stripe.APIError, None)],
)
def test_an_api_that_refuses(
    box: Box, status: int, error: type[Exception], code: str | None
) -> None:
    """Every request gets Stripe's error, and does nothing, until the fault is cleared."""
    box.control("PUT", "faults", {"api": {"status": status}})
    for _ in range(3):
        problem = refused(lambda: _customer(box))
        assert isinstance(problem, error)
        assert problem.http_status == status
        error_body: Any = problem.json_body
        assert error_body["error"].get("code") == code
        assert problem.request_id is not None
    box.control("PUT", "faults", {})
    assert box.get("/v1/customers")["data"] == []
    _customer(box)


def test_an_api_that_refuses_a_few_times(box: Box) -> None:
    """After so many requests the fault is over, and says so."""
    box.control("PUT", "faults", {"api": {"status": 500, "requests": 2, "delay_seconds": 0.001}})
    refused(lambda: _customer(box))
    assert box.control("GET", "faults")["api"] == {
        "status": 500, "requests": 1, "delay_seconds": 0.001,
    }  # fmt: skip
    refused(lambda: _customer(box))
    assert box.control("GET", "faults")["api"] == {
        "status": None, "requests": None, "delay_seconds": 0.001,
    }  # fmt: skip
    _customer(box)


def test_a_retry_under_the_same_key_succeeds(box: Box) -> None:
    """The refusal is not saved under the idempotency key: the SDK's own retries get through."""
    box.control("PUT", "faults", {"api": {"status": 500, "requests": 2}})
    client = stripe.StripeClient(
        "sk_test_sandbox", base_addresses={"api": box.url}, max_network_retries=2
    )
    client.v1.customers.create(params={"name": "One"})
    assert len(box.get("/v1/customers")["data"]) == 1


def test_a_refusal_comes_after_the_key_is_checked(box: Box) -> None:
    """A wrong key is a wrong key, and uses no fault up."""
    box.control("PUT", "faults", {"api": {"status": 500, "requests": 1}})
    assert box.post("/v1/customers", Authorization="Bearer nonsense").status_code == 401
    assert box.post("/v1/customers").status_code == 500


def test_a_slow_api(box: Box) -> None:
    """Answers come so much later, errors too; the request is done."""
    box.control("PUT", "faults", {"api": {"delay_seconds": 0.2}})
    started = time.monotonic()
    _customer(box)
    assert time.monotonic() - started >= 0.2
    box.control("PUT", "faults", {"api": {"delay_seconds": 0.2, "status": 429}})
    started = time.monotonic()
    refused(lambda: _customer(box))
    assert time.monotonic() - started >= 0.2


def test_the_page_and_the_controls_are_not_affected(box: Box) -> None:
    """People can pay while the API is down."""
    session = box.create()
    box.control("PUT", "faults", {"api": {"status": 500}})
    assert len(_events_of(box, session.id)) == 4
    assert box.control("GET", "state")["faults"]["api"]["status"] == 500


def _events_of(box: Box, session: str) -> list[str]:
    body = {"card": "4242424242424242"}
    answer = box.control("POST", f"sessions/{session}/pay", body)
    events: list[str] = answer["events"]
    return events
