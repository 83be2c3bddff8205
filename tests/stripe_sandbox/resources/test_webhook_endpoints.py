"""Webhook endpoints: their secret is shown once, and they get what they subscribed to."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.support.stripe.sandbox_server import SandboxServer, refused
from tests.support.waiting import wait_for


def _create(server: SandboxServer, **params: Any) -> stripe.WebhookEndpoint:
    given = {"url": server.receiver.url, "enabled_events": ["*"], **params}
    return server.stripe.v1.webhook_endpoints.create(params=given)  # type: ignore[arg-type]


def test_the_secret_is_shown_once(server: SandboxServer) -> None:
    """Only the answer to the creation holds it."""
    endpoint = _create(server, description="mine")
    assert endpoint.secret is not None
    assert endpoint.secret.startswith("whsec_")
    service = server.stripe.v1.webhook_endpoints
    assert "secret" not in service.retrieve(endpoint.id).to_dict()
    assert "secret" not in service.list().data[0].to_dict()
    assert "secret" not in service.update(endpoint.id, params={"description": ""}).to_dict()


def test_only_wanted_events_are_sent(server: SandboxServer) -> None:
    """What is not among `enabled_events`, or comes while disabled, is not sent."""
    endpoint = _create(server, enabled_events=["customer.created"])
    server.stripe.v1.products.create(params={"name": "unwanted"})
    server.stripe.v1.customers.create(params={"name": "wanted"})
    wait_for(lambda: server.receiver.received)
    service = server.stripe.v1.webhook_endpoints
    disabled = service.update(endpoint.id, params={"disabled": True})
    assert disabled.status == "disabled"
    server.stripe.v1.customers.create(params={"name": "while disabled"})
    service.update(endpoint.id, params={"disabled": False, "enabled_events": ["product.created"]})
    server.stripe.v1.products.create(params={"name": "again"})
    wait_for(lambda: len(server.receiver.received) == 2)
    names = [event["data"]["object"]["name"] for event in server.receiver.events()]
    assert names == ["wanted", "again"]


def test_a_deleted_endpoint_is_gone(server: SandboxServer) -> None:
    """It gets nothing more, and what waited for it waits no longer."""
    endpoint = _create(server, url="http://127.0.0.1:9/nobody")
    server.stripe.v1.customers.create(params={"name": "One"})
    deleted = server.stripe.v1.webhook_endpoints.delete(endpoint.id)
    assert deleted.to_dict() == {"id": endpoint.id, "object": "webhook_endpoint", "deleted": True}
    assert (
        refused(lambda: server.stripe.v1.webhook_endpoints.retrieve(endpoint.id)).http_status == 404
    )
    [event] = server.get("/v1/events", type="customer.created")["data"]
    assert event["pending_webhooks"] == 0


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"url": "shop"}, "url"),
        ({"enabled_events": ["session.paid"]}, "enabled_events[0]"),
        ({"enabled_events": None}, "enabled_events"),
        ({"api_version": "2020-08-27"}, "api_version"),
        ({"connect": True}, "connect"),
    ],
)
def test_a_wrong_endpoint_is_refused(
    shared_server: SandboxServer, params: dict[str, Any], param: str
) -> None:
    """A URL that is none, an event type that is none."""
    error = refused(lambda: _create(shared_server, **params))
    assert isinstance(error, stripe.InvalidRequestError)
    assert error.param == param


def test_at_most_sixteen_endpoints(server: SandboxServer) -> None:
    """As in a Stripe sandbox."""
    for _ in range(16):
        _create(server)
    assert "maximum of 16" in str(refused(lambda: _create(server)).user_message)


def test_ensure_keeps_one_endpoint_and_its_secret(server: SandboxServer) -> None:
    """The same description means the same endpoint: moved when the URL changed, same secret."""
    ensure = server.sandbox.ensure_webhook_endpoint
    secret = ensure(url=server.receiver.url, description="app")
    assert ensure(url="http://127.0.0.1:9/moved", description="app") == secret
    other = ensure(url=server.receiver.url, description="another app")
    assert other != secret
    urls = {e.description: e.url for e in server.stripe.v1.webhook_endpoints.list().data}
    assert urls == {"app": "http://127.0.0.1:9/moved", "another app": server.receiver.url}
