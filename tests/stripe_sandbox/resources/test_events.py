"""The event log: what an event is, how the log is filtered, how long it is stored."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from starlette.responses import Response

from stripe_sandbox.api.endpoint import API_VERSION
from tests.stripe_sandbox.conftest import Box, refused, wait_until


def _types(box: Box, **filters: Any) -> list[str]:
    params: Any = {"limit": 100, **filters}
    found = box.stripe.v1.events.list(params=params)
    return [event.type for event in found.data]


def test_an_event_names_its_cause(box: Box) -> None:
    """An API request by its id and idempotency key; a payer by nothing."""
    answer = box.post("/v1/customers", {"name": "One"}, **{"Idempotency-Key": "mine"})
    event = box.get("/v1/events", type="customer.created")["data"][0]
    assert event["request"] == {"id": answer.headers["Request-Id"], "idempotency_key": "mine"}
    assert event["api_version"] == API_VERSION
    assert event["data"]["object"] == answer.json()
    assert event["created"] == box.clock.now()
    box.pay(box.create().id)
    event = box.get("/v1/events", type="charge.succeeded")["data"][0]
    assert event["request"] == {"id": None, "idempotency_key": None}


def test_an_event_never_changes(box: Box) -> None:
    """It shows its object as it was, whatever became of it."""
    session = box.create()
    box.pay(session.id)
    before = box.get("/v1/events", type="checkout.session.completed")["data"][0]
    box.stripe.v1.checkout.sessions.update(session.id, params={"metadata": {"later": "yes"}})
    assert box.get(f"/v1/events/{before['id']}") == before


def test_the_log_is_filtered_by_type(box: Box) -> None:
    """One type, types with a star, a list of types; the newest first."""
    box.pay(box.create().id)
    assert _types(box, type="charge.succeeded") == ["charge.succeeded"]
    assert _types(box, type="payment_intent.*") == [
        "payment_intent.succeeded",
        "payment_intent.created",
    ]
    assert _types(box, type="*") == _types(box)
    assert _types(box, type="nothing.*") == []
    wanted = ["price.created", "charge.succeeded"]
    assert _types(box, types=wanted) == ["charge.succeeded", "price.created", "price.created"]
    assert _types(box, types=wanted, limit=2) == ["charge.succeeded", "price.created"]


def test_a_filtered_log_has_cursors(box: Box) -> None:
    """Pages of several types together give each event once, both ways."""
    for _ in range(3):
        box.pay(box.create().id)
        box.clock.advance(1)
    params: Any = {"types": ["charge.succeeded", "payment_intent.succeeded"], "limit": 2}
    found = list(box.stripe.v1.events.list(params=params).auto_paging_iter())
    assert [event.type for event in found] == ["payment_intent.succeeded", "charge.succeeded"] * 3
    params["ending_before"] = found[4].id
    back = box.stripe.v1.events.list(params=params)
    assert [event.id for event in back.data] == [found[2].id, found[3].id]
    assert back.has_more is True


def test_too_many_or_contrary_types_are_refused(shared: Box) -> None:
    """At most twenty types, and not `type` beside them."""
    contrary: list[dict[str, Any]] = [
        {"types": ["charge.succeeded"] * 21},
        {"types": ["charge.*"], "type": "*"},
    ]
    for given in contrary:
        error = refused(lambda given=given: _types(shared, **given))  # type: ignore[misc]
        assert isinstance(error, stripe.InvalidRequestError)


def test_the_log_is_filtered_by_delivery(box: Box) -> None:
    """`delivery_success` separates what reached every endpoint from what did not, or not yet."""
    secret = box.sandbox.ensure_webhook_endpoint(url=box.receiver.url, description="shop")
    assert secret.startswith("whsec_")
    box.stripe.v1.customers.create(params={"name": "delivered"})
    wait_until(lambda: "customer.created" in _types(box, delivery_success=True))
    assert _types(box, delivery_success=False) == []
    box.receiver.answer = lambda: Response(status_code=500)
    box.stripe.v1.products.create(params={"name": "not delivered"})
    wait_until(lambda: "product.created" in [e["type"] for e in box.receiver.events()])
    assert _types(box, delivery_success=False) == ["product.created"]
    assert _types(box, delivery_success=False, type="product.*") == ["product.created"]
    event = box.get("/v1/events", type="product.created")["data"][0]
    assert event["pending_webhooks"] == 1


@pytest.mark.parametrize("read", ["list", "retrieve"])
def test_events_are_kept_for_thirty_days(box: Box, read: str) -> None:
    """Older ones are gone."""
    box.stripe.v1.customers.create(params={"name": "old"})
    identifier = box.get("/v1/events", type="customer.created")["data"][0]["id"]
    box.clock.advance(30 * 86_400 - 1)
    assert box.get(f"/v1/events/{identifier}")["id"] == identifier
    box.clock.advance(1)
    if read == "list":
        assert _types(box) == []
    else:
        error = refused(lambda: box.stripe.v1.events.retrieve(identifier))
        assert error.http_status == 404
