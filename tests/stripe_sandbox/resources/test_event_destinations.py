"""Event destinations get thin events or snapshots; thin events can be read, and tell the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
import stripe

from tests.support.stripe.sandbox_server import SandboxServer, refused
from tests.support.stripe.stripe_types import assert_fits
from tests.support.waiting import wait_for

SECRET, URL = "webhook_endpoint.signing_secret", "webhook_endpoint.url"


def _create(server: SandboxServer, **params: Any) -> stripe.v2.core.EventDestination:
    given: Any = {
        "name": "The shop",
        "type": "webhook_endpoint",
        "event_payload": "thin",
        "enabled_events": ["v1.customer.created"],
        "webhook_endpoint": {"url": server.receiver.url},
        "include": [SECRET],
        **params,
    }
    return server.stripe.v2.core.event_destinations.create(given)


def test_a_thin_destination_is_sent_a_signed_notification(server: SandboxServer) -> None:
    """The SDK reads it, its event and its object; the event names the snapshot of the change."""
    made = _create(server).webhook_endpoint
    assert made is not None
    customer = server.stripe.v1.customers.create({"name": "Ann"})
    server.stripe.v1.products.create({"name": "unwanted"})
    wait_for(lambda: server.receiver.received)
    [(headers, body)] = server.receiver.received
    sent = json.loads(body)
    assert "data" not in sent
    assert sent["related_object"] == {
        "id": customer.id, "type": "customer", "url": f"/v1/customers/{customer.id}",
    }  # fmt: skip
    told: Any = server.stripe.parse_event_notification(
        body, headers["stripe-signature"], made.signing_secret
    )
    assert (told.type, told.reason.type) == ("v1.customer.created", "request")
    assert told.fetch_related_object().name == "Ann"
    event = told.fetch_event()
    snapshot = server.stripe.v1.events.retrieve(event.snapshot_event)
    assert (snapshot.type, snapshot.data.object["id"]) == ("customer.created", customer.id)


def test_the_secret_is_shown_once_and_the_url_when_it_is_asked_for(server: SandboxServer) -> None:
    """As Stripe says of both."""
    service = server.stripe.v2.core.event_destinations
    made = _create(server)
    assert made.webhook_endpoint is not None
    assert str(made.webhook_endpoint.signing_secret).startswith("whsec_")
    assert made.webhook_endpoint.url is None
    assert_fits(json.loads(json.dumps(made.to_dict())))
    read = service.retrieve(made.id, {"include": [URL]}).webhook_endpoint
    assert read is not None
    assert (read.signing_secret, read.url) == (None, server.receiver.url)


@pytest.mark.parametrize("payload", ["thin", "snapshot"])
def test_a_destination_is_changed_disabled_enabled_and_deleted(
    server: SandboxServer, payload: str
) -> None:
    """Of either kind; its name, metadata and types can change."""
    service = server.stripe.v2.core.event_destinations
    made = _create(server, event_payload=payload, enabled_events=["customer.created"])
    changed = service.update(
        made.id, {"name": "Renamed", "metadata": {"a": "b"}, "enabled_events": ["*"]}
    )
    assert (changed.name, changed.enabled_events) == ("Renamed", ["*"])
    assert service.disable(made.id).status == "disabled"
    server.stripe.v1.customers.create({"name": "while disabled"})
    assert service.enable(made.id).status == "enabled"
    assert [one.id for one in service.list().data] == [made.id]
    server.stripe.v1.customers.create({"name": "again"})
    wait_for(lambda: server.receiver.received)
    assert len(server.receiver.received) == 1
    assert service.delete(made.id).id == made.id
    assert refused(lambda: service.retrieve(made.id)).http_status == 404


def test_a_snapshot_destination_is_a_webhook_endpoint(server: SandboxServer) -> None:
    """Of one table: either way of asking shows it. A thin one is none."""
    _create(server)
    made = _create(server, event_payload="snapshot", snapshot_api_version="2026-09-30.endive")
    [endpoint] = server.stripe.v1.webhook_endpoints.list().data
    assert (endpoint.id, endpoint.api_version) == (made.id, "2026-09-30.endive")
    plain = server.stripe.v1.webhook_endpoints.create(
        {"url": server.receiver.url, "enabled_events": ["*"], "description": "plain"}
    )
    shown = server.stripe.v2.core.event_destinations.retrieve(plain.id)
    assert (shown.name, shown.event_payload) == ("plain", "snapshot")


@pytest.mark.parametrize("payload", ["thin", "snapshot"])
def test_a_ping_is_sent_whatever_types_are_enabled(server: SandboxServer, payload: str) -> None:
    """It is an event of its own, which /v1 does not show."""
    made = _create(server, event_payload=payload)
    sent = server.stripe.v2.core.event_destinations.ping(made.id)
    wait_for(lambda: server.receiver.received)
    [event] = server.receiver.events()
    assert event["type"] == sent.type == "v2.core.event_destination.ping"
    assert event["related_object"]["id"] == made.id
    assert server.stripe.v2.core.events.retrieve(sent.id).id == event["id"]
    assert sent.type not in server.event_types()
    assert server.fetch(f"/v1/events/{sent.id}").status_code == 404


def test_thin_events_are_listed_by_object_type_and_time(server: SandboxServer) -> None:
    """Without any destination too, page by page, with what changed."""
    customers, events = server.stripe.v1.customers, server.stripe.v2.core.events
    ann, ben = (customers.create({"name": name}) for name in ("Ann", "Ben"))
    customers.update(ann.id, {"name": "Anna"})
    about = events.list({"object_id": ann.id, "limit": 1})
    newest, oldest = about.auto_paging_iter()
    assert (newest.type, oldest.type) == ("v1.customer.updated", "v1.customer.created")
    assert newest.changes is not None
    assert newest.changes.to_dict() == {"before": {"name": "Ann"}, "after": {"name": "Anna"}}
    created = events.list({"types": ["v1.customer.created"], "object_id": ben.id})
    assert len(created.data) == 1
    assert not events.list({"created": {"gt": newest.created}}).data


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"type": "amazon_eventbridge"}, "sandbox_not_simulated"),
        ({"events_from": ["@accounts"]}, "sandbox_not_simulated"),
        ({"webhook_endpoint": {"url": "nowhere"}}, "url_invalid"),
        ({"snapshot_api_version": "2026-09-30.endive"}, "invalid_request"),
    ],
)
def test_what_cannot_be_a_destination_is_refused(
    server: SandboxServer, wrong: dict[str, Any], code: str
) -> None:
    """By name, and nothing is made."""
    assert refused(lambda: _create(server, **wrong)).code == code
    assert not server.stripe.v2.core.event_destinations.list().data
