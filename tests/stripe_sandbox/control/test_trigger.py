"""Test events: of any type that fits, about a real object as it is now."""

from __future__ import annotations

import pytest

from billing.domain.sessions.timeline import TIMELINE_EVENTS
from stripe_sandbox.control.trigger import kind_of
from stripe_sandbox.event_log import TEST_ID, event_types
from stripe_sandbox.storage.tables import TABLES
from tests.support.programs_of_others.django_shop import live
from tests.support.stripe.sandbox_server import SandboxServer
from tests.support.stripe.stripe_types import assert_fits
from tests.support.waiting import wait_for

SOLD = (
    *("customers", "products", "prices", "checkout/sessions", "payment_intents", "charges"),
    *("refunds", "subscriptions", "invoices", "payment_methods", "disputes"),
)


def _wait_for(server: SandboxServer, event: str) -> None:
    wait_for(lambda: event in [one["id"] for one in server.receiver.events()])


def test_a_test_event_holds_the_object_as_it_is_now(server: SandboxServer) -> None:
    """It is delivered as any other, and its id says that nothing happened."""
    server.sandbox.ensure_webhook_endpoint(url=server.receiver.url, description="shop")
    subscription = server.paid_subscription()
    charge = server.get("/v1/charges", limit=1)["data"][0]
    for name, subject in (
        ("customer.subscription.paused", subscription),
        ("charge.dispute.created", None),
        ("charge.failed", charge),
    ):
        if subject is None:
            answer = server.control("POST", f"charges/{charge['id']}/dispute", {})
            subject = server.get(f"/v1/disputes/{answer['dispute']}")
        event = server.control("POST", "events", {"type": name, "object": subject["id"]})
        assert event["id"].startswith(TEST_ID)
        assert event["type"] == name
        assert event["data"]["object"]["id"] == subject["id"]
        assert event["data"]["object"]["status"] == subject["status"]
        assert_fits(event)
        assert server.get(f"/v1/events/{event['id']}")["type"] == name
        _wait_for(server, event["id"])


def test_each_type_that_fits_an_object_is_sent_about_that_object(server: SandboxServer) -> None:
    live(server)
    server.paid_subscription()  # no list has the canceled one
    sent = set()
    for name in SOLD:
        subject = server.get(f"/v1/{name}", limit=1)["data"][0]
        for one in server.control("GET", f"events/types?object={subject['id']}")["types"]:
            event = server.control("POST", "events", {"type": one, "object": subject["id"]})
            found = server.get(f"/v1/events/{event['id']}")
            assert (found["type"], found["data"]["object"]["id"]) == (one, subject["id"])
            sent.add(one)
    assert set(TIMELINE_EVENTS) <= sent


def test_a_type_of_another_kind_of_object_is_refused_by_name(shared_server: SandboxServer) -> None:
    """The error names both kinds, and the types that fit."""
    customer = shared_server.stripe.v1.customers.create(params={"name": "One"}).id
    body = {"type": "charge.refunded", "object": customer}
    error = shared_server.control("POST", "events", body, status=400)["error"]
    assert f"charge.refunded is about a charge, but {customer} is a customer" in error["message"]
    assert "customer.created, customer.deleted, customer.updated" in error["message"]
    types = shared_server.control("GET", f"events/types?object={customer}")
    expected = ["customer.created", "customer.deleted", "customer.updated"]
    assert types == {"object": "customer", "types": expected}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("no.such", "no snapshot event"),
        ("invoice.upcoming", "not made yet"),
        ("issuing_card.created", "does not simulate"),
        ("customer.created", "No such object: 'cus_none'"),
    ],
)
def test_what_cannot_be_sent_is_refused(
    shared_server: SandboxServer, name: str, reason: str
) -> None:
    """An unknown type, one about nothing that exists, one of another product, no object."""
    body = {"type": name, "object": "cus_none"}
    assert reason in shared_server.control("POST", "events", body, status=400)["error"]["message"]


def test_each_kind_of_object_that_events_tell_of_has_its_types() -> None:
    """Every kind in the sandbox, but for those of which Stripe has no event."""
    silent = {
        "balance_transaction",
        "customer_balance_transaction",
        "event_destination",
        "setup_attempt",
        "webhook_endpoint",
    }
    kinds = {kind_of(name) for name in event_types()}
    missing = {kind.rpartition(".")[2] for kind in TABLES if kind not in kinds}
    assert missing <= silent
