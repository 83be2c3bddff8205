"""The controls: their key, their errors, the state, paying a session, resetting."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import requests

from tests.support.stripe.sandbox_server import KEY, SandboxServer, price_of
from tests.support.waiting import wait_for

CONTROLS = [
    ("GET", "state"), ("POST", "clock"), ("GET", "faults"), ("PUT", "faults"),
    ("POST", "sessions/cs_test_x/pay"), ("POST", "fill"), ("POST", "reset"), ("GET", "nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), CONTROLS)
def test_every_control_needs_a_test_key(
    shared_server: SandboxServer, method: str, path: str
) -> None:
    """No key, a live key and a wrong one are refused as /v1 refuses them."""
    for header in ({}, {"Authorization": "Bearer pk_test_x"}, {"Authorization": "Bearer sk_x"}):
        answer = requests.request(
            method, f"{shared_server.url}/_control/{path}", headers=header, timeout=10
        )
        assert answer.status_code == 401
        assert answer.json()["error"]["type"] == "invalid_request_error"


def test_what_is_no_control_is_said_plainly(shared_server: SandboxServer) -> None:
    """A wrong path and a wrong method get Stripe's error shape."""
    missing = shared_server.control("POST", "nothing", status=404)
    assert "(POST: /_control/nothing)" in missing["error"]["message"]
    wrong = shared_server.control("DELETE", "faults", status=404)
    assert "(DELETE: /_control/faults)" in wrong["error"]["message"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"webhook": {}}, "webhook"),
        ({"webhooks": {"late": 1}}, "webhooks[late]"),
        ({"webhooks": 1}, "webhooks"),
        ({"webhooks": {"delay_seconds": "1"}}, "webhooks[delay_seconds]"),
        ({"webhooks": {"delay_seconds": -1}}, "webhooks[delay_seconds]"),
        ({"webhooks": {"delay_seconds": True}}, "webhooks[delay_seconds]"),
        ({"webhooks": {"duplicates": 1.5}}, "webhooks[duplicates]"),
        ({"webhooks": {"duplicates": 1000}}, "webhooks[duplicates]"),
        ({"webhooks": {"shuffle": 1}}, "webhooks[shuffle]"),
        ({"api": {"status": 418}}, "api[status]"),
        ({"api": {"status": True}}, "api[status]"),
        ({"api": {"requests": 0}}, "api[requests]"),
        ([], "body"),
    ],
)
def test_a_wrong_field_is_named(shared_server: SandboxServer, body: Any, param: str) -> None:
    """Unknown fields, wrong types and numbers out of range are refused by name; nothing changes."""
    before = shared_server.control("GET", "state")
    refusal = shared_server.control("PUT", "faults", body, status=400)
    assert refusal["error"]["param"] == param
    assert refusal["error"]["message"]
    assert shared_server.control("GET", "state") == before


def test_a_body_that_is_no_json_is_refused(shared_server: SandboxServer) -> None:
    """In Stripe's error shape as well."""
    answer = requests.put(
        f"{shared_server.url}/_control/faults", data="{", auth=(KEY, ""), timeout=10
    )
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "body")
    assert answer.headers["request-id"].startswith("req_")


def test_the_state_counts(server: SandboxServer) -> None:
    """How many of each kind there are, the clock, the faults, the account."""
    server.control("POST", f"sessions/{server.create().id}/pay", {"card": "4242424242424242"})
    state = server.control("GET", "state")
    assert state["account"] == server.stripe.v1.accounts.retrieve_current().id
    assert state["clock"] == {"now": server.clock.now(), "ahead_seconds": 0}
    assert state["faults"] == {
        "webhooks": {"delay_seconds": 0, "duplicates": 0, "shuffle": False, "drop": False},
        "api": {"status": None, "delay_seconds": 0, "requests": None},
    }
    counts = state["counts"]
    assert (counts["checkout.session"], counts["charge"], counts["subscription"]) == (1, 1, 0)
    assert counts["event"] == len(server.event_types())
    assert state["deliveries"] == {"waiting": 0, "failed": 0}


def test_the_state_counts_deliveries(server: SandboxServer) -> None:
    """What waits to be delivered, and what was given up."""
    server.sandbox.ensure_webhook_endpoint(url="http://127.0.0.1:9/nobody", description="shop")
    server.stripe.v1.customers.create(params={"name": "One"})

    def tried(times: int) -> bool:
        return server.sandbox._database.rows("SELECT attempts FROM deliveries") == [(times,)]

    for attempt, delay in ((1, 10), (2, 100)):
        wait_for(partial(tried, attempt))
        assert server.control("GET", "state")["deliveries"] == {"waiting": 1, "failed": 0}
        server.clock.advance(delay)
    wait_for(lambda: server.control("GET", "state")["deliveries"] == {"waiting": 0, "failed": 1})


def test_a_session_is_paid(server: SandboxServer) -> None:
    """Paid as at its page: the outcome, the session's state, the events in their order."""
    session = server.create()
    known = len(server.event_types())
    body = {"card": "4242 4242 4242 4242", "email": "ann@example.com", "name": "Ann"}
    answer = server.control("POST", f"sessions/{session.id}/pay", body)
    events = answer.pop("events")
    assert answer == {
        "outcome": "paid",
        "code": None,
        "decline_code": None,
        "message": None,
        "status": "complete",
        "payment_status": "paid",
    }
    assert [
        server.stripe.v1.events.retrieve(event).type for event in events
    ] == server.event_types()[known:]
    details = server.stripe.v1.checkout.sessions.retrieve(session.id).customer_details
    assert details is not None
    assert (details.email, details.name) == ("ann@example.com", "Ann")


def test_a_session_is_declined(server: SandboxServer) -> None:
    """The code and the words, and the session still open."""
    session = server.create()
    answer = server.control("POST", f"sessions/{session.id}/pay", {"card": "4000000000009995"})
    del answer["events"]
    assert answer == {
        "outcome": "declined",
        "code": "card_declined",
        "decline_code": "insufficient_funds",
        "message": "Your card has insufficient funds.",
        "status": "open",
        "payment_status": "unpaid",
    }
    again = server.control("POST", f"sessions/{session.id}/pay", {"card": "378282246310005"})
    assert again["outcome"] == "paid"


@pytest.mark.parametrize(
    ("authenticate", "outcome", "code", "status"),
    [
        (None, "requires_action", None, "open"),
        (True, "paid", None, "complete"),
        (False, "declined", "payment_intent_authentication_failure", "open"),
    ],
)
def test_3d_secure_is_answered_when_asked(
    server: SandboxServer, authenticate: bool | None, outcome: str, code: str | None, status: str
) -> None:
    """`authenticate` completes or fails the bank's question at once; null leaves it open."""
    session = server.create()
    body = {"card": "4000002500003155", "authenticate": authenticate}
    answer = server.control("POST", f"sessions/{session.id}/pay", body)
    assert (answer["outcome"], answer["code"], answer["status"]) == (outcome, code, status)


def test_a_closed_session_is_not_paid(server: SandboxServer) -> None:
    """Complete or expired, it says so and does nothing."""
    paid, gone = server.create(), server.create()
    server.pay(paid.id)
    server.stripe.v1.checkout.sessions.expire(gone.id)
    for session, status in ((paid, "complete"), (gone, "expired")):
        body = {"card": "4242424242424242"}
        answer = server.control("POST", f"sessions/{session.id}/pay", body)
        assert (answer["outcome"], answer["status"], answer["events"]) == ("closed", status, [])


@pytest.mark.parametrize(
    ("body", "param"),
    [({}, "card"), ({"card": 42}, "card"), ({"card": "4242424242424242", "x": 1}, "x")],
)
def test_a_wrong_payment_is_refused(
    server: SandboxServer, body: dict[str, Any], param: str
) -> None:
    """By name, the session untouched."""
    session = server.create()
    refusal = server.control("POST", f"sessions/{session.id}/pay", body, status=400)
    assert refusal["error"]["param"] == param
    assert server.stripe.v1.checkout.sessions.retrieve(session.id).status == "open"


def test_a_session_that_is_none_is_not_found(server: SandboxServer) -> None:
    """404, as /v1 says it."""
    body = {"card": "4242424242424242"}
    refusal = server.control("POST", "sessions/cs_test_none/pay", body, status=404)
    assert refusal["error"]["code"] == "resource_missing"
    assert refusal["error"]["message"] == "No such checkout.session: cs_test_none"


def test_a_reset_leaves_only_the_shops_furniture(server: SandboxServer) -> None:
    """Sessions, customers, payments, events, deliveries and keys are gone, faults cleared, the
    clock is the wall's again; account, Products, Prices and endpoints stay, and all works on."""
    secret = server.sandbox.ensure_webhook_endpoint(url=server.receiver.url, description="shop")
    account = server.stripe.v1.accounts.retrieve_current().id
    server.control("PUT", "faults", {"webhooks": {"drop": True}, "api": {"delay_seconds": 0.01}})
    for session in (server.create(), server.subscribe()):
        server.control("POST", f"sessions/{session.id}/pay", {"card": "4242424242424242"})
    server.control("POST", f"sessions/{server.create().id}/pay", {"bank_account": "000123456789"})
    before = server.control("GET", "state")
    assert before["deliveries"]["waiting"] > 0
    assert server.control("POST", "reset") == {}
    state = server.control("GET", "state")
    survivors = ("product", "price", "webhook_endpoint")
    assert {kind for kind, count in state["counts"].items() if count} == set(survivors)
    assert all(state["counts"][kind] == before["counts"][kind] for kind in survivors)
    assert state["deliveries"] == {"waiting": 0, "failed": 0}
    assert server.sandbox._database.rows("SELECT * FROM agenda") == []
    assert state["faults"]["webhooks"]["drop"] is False
    assert state["clock"]["ahead_seconds"] == 0
    assert server.stripe.v1.accounts.retrieve_current().id == account
    assert (
        server.sandbox.ensure_webhook_endpoint(url=server.receiver.url, description="shop")
        == secret
    )
    assert price_of(server.sandbox, "credit", "Credit", 99) == server.credit
    server.receiver.received.clear()
    session = server.create()
    server.pay(session.id)
    wait_for(lambda: len(server.receiver.received) >= 4)
