"""The event log: what an event is, how the log is filtered, how long it is stored."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from starlette.responses import Response

from stripe_sandbox.versions.releases import NEWEST
from tests.support.stripe.sandbox_server import SandboxServer, refused
from tests.support.waiting import wait_for


def _types(server: SandboxServer, **filters: Any) -> list[str]:
    params: Any = {"limit": 100, **filters}
    found = server.stripe.v1.events.list(params=params)
    return [event.type for event in found.data]


def test_an_event_names_its_cause(server: SandboxServer) -> None:
    """An API request by its id and idempotency key; a payer by nothing."""
    answer = server.post("/v1/customers", {"name": "One"}, **{"Idempotency-Key": "mine"})
    event = server.get("/v1/events", type="customer.created")["data"][0]
    assert event["request"] == {"id": answer.headers["Request-Id"], "idempotency_key": "mine"}
    assert event["api_version"] == NEWEST
    assert event["data"]["object"] == answer.json()
    assert event["created"] == server.clock.now()
    server.pay(server.create().id)
    event = server.get("/v1/events", type="charge.succeeded")["data"][0]
    assert event["request"] == {"id": None, "idempotency_key": None}


def test_an_event_never_changes(server: SandboxServer) -> None:
    """It shows its object as it was, whatever became of it."""
    session = server.create()
    server.pay(session.id)
    before = server.get("/v1/events", type="checkout.session.completed")["data"][0]
    server.stripe.v1.checkout.sessions.update(session.id, params={"metadata": {"later": "yes"}})
    assert server.get(f"/v1/events/{before['id']}") == before


def test_the_log_is_filtered_by_type(server: SandboxServer) -> None:
    """One type, types with a star, a list of types; the newest first."""
    server.pay(server.create().id)
    assert _types(server, type="charge.succeeded") == ["charge.succeeded"]
    assert _types(server, type="payment_intent.*") == [
        "payment_intent.succeeded",
        "payment_intent.created",
    ]
    assert _types(server, type="*") == _types(server)
    assert _types(server, type="nothing.*") == []
    wanted = ["price.created", "charge.succeeded"]
    assert _types(server, types=wanted) == ["charge.succeeded", "price.created", "price.created"]
    assert _types(server, types=wanted, limit=2) == ["charge.succeeded", "price.created"]


def test_a_filtered_log_has_cursors(server: SandboxServer) -> None:
    """Pages of several types together give each event once, both ways."""
    for _ in range(3):
        server.pay(server.create().id)
        server.clock.advance(1)
    params: Any = {"types": ["charge.succeeded", "payment_intent.succeeded"], "limit": 2}
    found = list(server.stripe.v1.events.list(params=params).auto_paging_iter())
    assert [event.type for event in found] == ["payment_intent.succeeded", "charge.succeeded"] * 3
    params["ending_before"] = found[4].id
    back = server.stripe.v1.events.list(params=params)
    assert [event.id for event in back.data] == [found[2].id, found[3].id]
    assert back.has_more is True


def test_too_many_or_contrary_types_are_refused(shared_server: SandboxServer) -> None:
    """At most twenty types, and not `type` beside them."""
    contrary: list[dict[str, Any]] = [
        {"types": ["charge.succeeded"] * 21},
        {"types": ["charge.*"], "type": "*"},
    ]
    for given in contrary:
        error = refused(lambda given=given: _types(shared_server, **given))  # type: ignore[misc]
        assert isinstance(error, stripe.InvalidRequestError)


def test_the_log_is_filtered_by_delivery(server: SandboxServer) -> None:
    """`delivery_success` separates what reached every endpoint from what did not, or not yet."""
    secret = server.sandbox.ensure_webhook_endpoint(url=server.receiver.url, description="shop")
    assert secret.startswith("whsec_")
    server.stripe.v1.customers.create(params={"name": "delivered"})
    wait_for(lambda: "customer.created" in _types(server, delivery_success=True))
    assert _types(server, delivery_success=False) == []
    server.receiver.answer = lambda: Response(status_code=500)
    server.stripe.v1.products.create(params={"name": "not delivered"})
    wait_for(lambda: "product.created" in [e["type"] for e in server.receiver.events()])
    assert _types(server, delivery_success=False) == ["product.created"]
    assert _types(server, delivery_success=False, type="product.*") == ["product.created"]
    event = server.get("/v1/events", type="product.created")["data"][0]
    assert event["pending_webhooks"] == 1


@pytest.mark.parametrize("read", ["list", "retrieve"])
def test_events_are_stored_for_thirty_days(server: SandboxServer, read: str) -> None:
    """Older ones are gone."""
    server.stripe.v1.customers.create(params={"name": "old"})
    identifier = server.get("/v1/events", type="customer.created")["data"][0]["id"]
    server.clock.advance(30 * 86_400 - 1)
    assert server.get(f"/v1/events/{identifier}")["id"] == identifier
    server.clock.advance(1)
    if read == "list":
        assert _types(server) == []
    else:
        error = refused(lambda: server.stripe.v1.events.retrieve(identifier))
        assert error.http_status == 404
