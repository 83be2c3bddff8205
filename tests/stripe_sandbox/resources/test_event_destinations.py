"""Event destinations get thin events or snapshots; thin events can be read, and tell the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
import stripe

from tests.support.stripe.sandbox_server import SandboxServer, refused
from tests.support.stripe.stripe_types import assert_fits, notification_misfits
from tests.support.waiting import wait_for

SECRET, URL = "webhook_endpoint.signing_secret", "webhook_endpoint.url"


def _create(server: SandboxServer, **params: Any) -> stripe.v2.core.EventDestination:
    is_thin = params.get("event_payload", "thin") == "thin"
    given: Any = {
        "name": "The shop",
        "type": "webhook_endpoint",
        "event_payload": "thin",
        "enabled_events": ["v1.customer.created" if is_thin else "customer.created"],
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
    made = _create(server, event_payload=payload)
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


def test_what_changed_is_told_by_thin_events_alone(server: SandboxServer) -> None:
    """Beside the update of a subscription, a price or an invoice; no snapshot event is the same."""
    service = server.stripe.v1
    subscription = server.paid_subscription()
    [item] = subscription["items"]["data"]
    support: Any = {
        "currency": "usd",
        "unit_amount": 500,
        "recurring": {"interval": "month"},
        "product_data": {"name": "Support"},
    }
    price = service.prices.create(support)
    known = server.event_types()
    change: Any = {
        "cancel_at_period_end": True,
        "items": [{"id": item["id"], "quantity": 2}, {"price": price.id}],
    }
    service.subscriptions.update(subscription["id"], change)
    service.prices.update(price.id, {"active": False, "lookup_key": "support"})
    customer: Any = {"customer": subscription["customer"]}
    draft = service.invoices.create(customer).id
    service.invoices.add_lines(draft, {"lines": [{"amount": 500}]})
    item_of_it = server.get("/v1/invoiceitems", invoice=draft)["data"][0]["id"]
    service.invoice_items.update(item_of_it, {"amount": 600})

    def thin(identifier: str) -> list[str]:
        listed = server.get("/v2/core/events", object_id=identifier, limit=100)["data"]
        assert {event["related_object"]["id"] for event in listed} == {identifier}
        assert_fits(*listed)
        return sorted(
            event["type"].removeprefix("v1.") for event in listed if not event.get("snapshot_event")
        )

    assert thin(subscription["id"]) == [
        "customer.subscription.active",
        "customer.subscription.cancel_at_changed",
        "customer.subscription.default_payment_method_changed",
        "customer.subscription.incomplete",
        "customer.subscription.item_added",
        "customer.subscription.item_quantity_changed",
    ]
    assert thin(price.id) == ["price.deactivated", "price.lookup_key_changed"]
    assert "invoice.line_item_added" in thin(draft)
    assert thin(item_of_it) == ["invoiceitem.amount_changed"]
    assert not any(name.startswith("v1.") for name in server.event_types_since(known))
    kind = "v1.customer.subscription.active"
    [became] = server.get("/v2/core/events", **{"types[0]": kind})["data"]
    assert became["changes"] == {"before": {"status": "incomplete"}, "after": {"status": "active"}}
    assert server.get(f"/v2/core/events/{became['id']}") == became
    assert server.fetch(f"/v1/events/{became['id']}").status_code == 404


def test_a_thin_destination_gets_what_only_thin_events_tell(server: SandboxServer) -> None:
    """The SDK knows its type, and reads the object."""
    kind = "v1.price.deactivated"
    made = _create(server, enabled_events=[kind]).webhook_endpoint
    assert made is not None
    server.stripe.v1.prices.update(server.credit, {"metadata": {"a": "b"}})
    server.stripe.v1.prices.update(server.credit, {"active": False})
    wait_for(lambda: server.receiver.received)
    [(headers, body)] = server.receiver.received
    told: Any = server.stripe.parse_event_notification(
        body, headers["stripe-signature"], made.signing_secret
    )
    assert type(told).__name__ == "V1PriceDeactivatedEventNotification"
    assert told.fetch_related_object().id == server.credit
    assert told.fetch_event().changes["after"].to_dict() == {"active": False}


def test_thin_events_fit_the_types_of_their_own(server: SandboxServer) -> None:
    """Fetched, and as they are delivered: a discount has no id of its own, a session of the portal
    and an upcoming invoice cannot be fetched."""
    known = {event["id"] for event in server.get("/v2/core/events")["data"]}
    _create(server, enabled_events=["*"])
    api = server.stripe.v1
    coupon = api.coupons.create({"percent_off": 10, "duration": "forever"}).id
    subscription = server.paid_subscription(discounts=[{"coupon": coupon}])
    customer = subscription["customer"]
    api.billing_portal.sessions.create({"customer": customer, "return_url": server.url})
    server.advance(31 * 86_400)
    events = server.get("/v2/core/events", limit=100)
    assert_fits(events)
    wanted = {event["id"] for event in events["data"]} - known
    wait_for(lambda: wanted <= {event["id"] for event in server.receiver.events()})
    delivered = {event["type"]: event for event in server.receiver.events()}
    assert not [fault for event in delivered.values() for fault in notification_misfits(event)]
    assert delivered["v1.customer.discount.created"]["related_object"] == {
        "type": "discount", "url": f"/v1/subscriptions/{subscription['id']}/discount",
    }  # fmt: skip
    assert "related_object" not in delivered["v1.billing_portal.session.created"]
    fetched = {event["type"]: event for event in events["data"]}
    assert fetched["v1.invoice.upcoming"]["data"] == {
        "customer": customer, "subscription": subscription["id"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"type": "amazon_eventbridge"}, "sandbox_not_simulated"),
        ({"events_from": ["@accounts"]}, "sandbox_not_simulated"),
        ({"webhook_endpoint": {"url": "nowhere"}}, "url_invalid"),
        ({"enabled_events": ["customer.created"]}, "invalid_request"),
        (
            {"event_payload": "snapshot", "enabled_events": ["v1.customer.created"]},
            "invalid_request",
        ),
        ({"snapshot_api_version": "2026-09-30.endive"}, "invalid_request"),
    ],
)
def test_what_cannot_be_a_destination_is_refused(
    server: SandboxServer, wrong: dict[str, Any], code: str
) -> None:
    """By name, and nothing is made."""
    assert refused(lambda: _create(server, **wrong)).code == code
    assert not server.stripe.v2.core.event_destinations.list().data
