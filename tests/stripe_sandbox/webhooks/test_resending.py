"""Deliveries: each attempt with its answer, what comes next, and sending again."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.responses import Response

from stripe_sandbox.webhooks.attempts import BODY_LIMIT, redacted, stored_headers
from tests.support.stripe.sandbox_server import SandboxServer, refused
from tests.support.waiting import wait_for


def _ensure(server: SandboxServer) -> None:
    server.sandbox.ensure_webhook_endpoint(url=server.receiver.url, description="shop")


def _event(server: SandboxServer) -> str:
    """The id of a new event."""
    server.stripe.v1.customers.create(params={"name": "One"})
    return str(server.get("/v1/events", limit=1)["data"][0]["id"])


def _delivery(server: SandboxServer, event: str) -> Any:
    (found,) = server.control("GET", f"deliveries?events={event}")["data"]
    return found


def _wait_for_attempt(server: SandboxServer, event: str, number: int) -> None:
    wait_for(lambda: _delivery(server, event)["attempts_made"] == number)


def test_an_attempt_says_what_the_endpoint_answered(server: SandboxServer) -> None:
    """Status, headers, the beginning of the body, and that the next try is due; a thin event's id
    names the same delivery."""
    _ensure(server)
    headers = {"x-shop": "one", "set-cookie": "session=abc"}
    server.receiver.answer = lambda: Response("no " * 4_000, status_code=500, headers=headers)
    event = _event(server)
    wait_for(lambda: _delivery(server, event)["attempts"])
    delivery = _delivery(server, event)
    (attempt,) = delivery["attempts"]
    assert (attempt["number"], attempt["status"], attempt["error"]) == (1, 500, None)
    assert attempt["body"] == ("no " * 4_000)[:BODY_LIMIT]
    assert attempt["headers"]["x-shop"] == "one"
    assert "set-cookie" not in attempt["headers"]
    assert attempt["seconds"] > 0
    assert delivery["url"] == server.receiver.url
    assert delivery["next"] == {"action": "attempt", "at": server.clock.time() + 10}
    assert _delivery(server, event.replace("evt_", "evt_test_")) == delivery


def test_no_secret_of_an_answer_is_stored() -> None:
    """Keys, signing and client secrets and signatures go, in headers' values and in the body."""
    secrets = [
        "sk_test_abc1",
        "rk_live_abc2",
        "whsec_abc3",
        "pi_1_secret_abcdefg4",
        f"v1={'a' * 64}",
    ]
    text = redacted(f'{{"said": "{" ".join(secrets)}", "id": "pi_1"}}')
    assert not [one for one in secrets if one in text]
    assert '"id": "pi_1"' in text
    headers = {"Stripe-Signature": "t=1", "X-Api-Key": "a", "X-Said": "whsec_abc3", "Date": "now"}
    assert stored_headers(headers) == {"X-Said": "[redacted]", "Date": "now"}


def test_what_is_sent_several_times_at_once_has_as_many_answers(server: SandboxServer) -> None:
    """Each copy of a duplicated delivery stands in its attempt."""
    _ensure(server)
    server.control("PUT", "faults", {"webhooks": {"duplicates": 1}})
    event = _event(server)
    wait_for(lambda: _delivery(server, event)["state"] == "succeeded")
    attempts = _delivery(server, event)["attempts"]
    assert [(one["number"], one["status"]) for one in attempts] == [(1, 200), (1, 200)]


def test_the_cli_resends_what_was_given_up(server: SandboxServer) -> None:
    """`stripe events resend` has the endpoint get it at once; it then waits for no endpoint. One
    that was delivered is sent again too, and counts as pending until it is answered."""
    _ensure(server)
    server.receiver.answer = lambda: Response(status_code=500)
    event = _event(server)
    for number, seconds in enumerate((10, 100), 1):
        _wait_for_attempt(server, event, number)
        server.clock.advance(seconds)
    wait_for(lambda: _delivery(server, event)["next"]["action"] == "given_up")
    server.receiver.answer = lambda: Response("ok")
    endpoint = _delivery(server, event)["endpoint"]
    for attempts in (4, 5):
        server.stripe.raw_request("post", f"/v1/events/{event}/retry", webhook_endpoint=endpoint)
        _wait_for_attempt(server, event, attempts)
        assert _delivery(server, event)["state"] == "succeeded"
        assert server.get(f"/v1/events/{event}")["pending_webhooks"] == 0
    assert len(server.receiver.received) == 5


@pytest.mark.parametrize("params", [{}, {"for_stripecli": True}, {"webhook_endpoint": "we_1"}])
def test_a_resend_to_no_endpoint_is_refused(
    shared_server: SandboxServer, params: dict[str, Any]
) -> None:
    """The CLI's own listener is none of the sandbox's endpoints."""
    event = _event(shared_server)
    error = refused(
        lambda: shared_server.stripe.raw_request("post", f"/v1/events/{event}/retry", **params)
    )
    assert error.http_status == 400


def test_all_that_failed_since_then_is_sent_again(server: SandboxServer) -> None:
    """What failed before stays as it is."""
    _ensure(server)
    server.receiver.answer = lambda: Response(status_code=503)
    events = []
    for _ in range(3):
        events.append(_event(server))
        wait_for(lambda: _delivery(server, events[-1])["attempts"])
        server.clock.advance(1)
    since = server.clock.time() - 2
    failed = server.control("GET", f"deliveries?failed_since={since}")["data"]
    assert [one["event"] for one in failed] == events[1:]
    server.receiver.answer = lambda: Response("ok")
    endpoint = failed[0]["endpoint"]
    body = {"failed_since": since, "endpoint": endpoint}
    assert server.control("POST", "deliveries/resend", body) == {"resent": 2}
    wait_for(lambda: _delivery(server, events[2])["state"] == "succeeded")
    wait_for(lambda: _delivery(server, events[1])["state"] == "succeeded")
    assert _delivery(server, events[0])["state"] == "pending"
    assert server.control("POST", "deliveries/resend", {"failed_since": 0}) == {"resent": 1}
    listed = server.control("GET", f"deliveries?endpoint={endpoint}")["data"]
    assert [one["event"] for one in listed] == events[::-1]


def test_a_disabled_endpoint_is_sent_nothing(server: SandboxServer) -> None:
    """Its deliveries say so, and a resend is refused until it is enabled."""
    _ensure(server)
    server.receiver.answer = lambda: Response(status_code=500)
    event = _event(server)
    wait_for(lambda: _delivery(server, event)["attempts"])
    endpoint = _delivery(server, event)["endpoint"]
    server.stripe.v1.webhook_endpoints.update(endpoint, params={"disabled": True})
    assert _delivery(server, event)["next"]["action"] == "disabled"
    body = {"event": event, "endpoint": endpoint}
    error = server.control("POST", "deliveries/resend", body, status=400)["error"]
    assert "is disabled" in error["message"]
    assert server.control("POST", "deliveries/resend", {"failed_since": 0}) == {"resent": 0}
    server.stripe.v1.webhook_endpoints.delete(endpoint)
    assert server.control("GET", f"deliveries?events={event}")["data"] == []
    rows = server.sandbox._database.rows("SELECT * FROM delivery_attempts")
    assert rows == []
