"""Previews show what will be invoiced, and leave nothing behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.stripe.sandbox_server import SandboxServer, refused, sandbox_server
from tests.support.stripe.stripe_types import assert_fits


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    """One sandbox; each test has a subscription of its own."""
    with sandbox_server(None) as found:
        yield found


def _preview(server: SandboxServer, **params: Any) -> Any:
    """The preview, which fits the SDK's types and changes nothing."""
    before = server.control("GET", "state")["counts"]
    given: Any = params
    response: Any = server.stripe.v1.invoices.create_preview(given).last_response
    shown = json.loads(response.body)
    assert_fits(shown)
    assert server.control("GET", "state")["counts"] == before
    assert (shown["status"], shown["billing_reason"]) == ("draft", "upcoming")
    return shown


def _item(subscription: Any) -> Any:
    return subscription["items"]["data"][0]


def test_the_next_renewal_is_previewed(server: SandboxServer) -> None:
    """By the subscription or the customer: its period and its amount, as then invoiced."""
    subscription = server.paid_subscription()
    end = _item(subscription)["current_period_end"]
    shown = _preview(server, subscription=subscription["id"])
    assert _preview(server, customer=subscription["customer"])["total"] == shown["total"]
    assert (shown["period_end"], shown["created"]) == (end, end)
    assert shown["lines"]["data"][0]["period"]["start"] == end
    server.advance(end - server.sandbox.clock.now())
    renewed = server.get(f"/v1/subscriptions/{subscription['id']}")
    invoice = server.get(f"/v1/invoices/{renewed['latest_invoice']}")
    assert invoice["total"] == shown["total"]


@pytest.mark.parametrize("behavior", ["create_prorations", "always_invoice"])
def test_a_change_is_previewed_as_it_is_invoiced_then(server: SandboxServer, behavior: str) -> None:
    """To the cent, at a given date: with the next renewal, or at once."""
    subscription = server.paid_subscription()
    item = _item(subscription)
    date = (item["current_period_start"] + item["current_period_end"]) // 2
    change = {
        "items": [{"id": item["id"], "quantity": 3}],
        "proration_behavior": behavior,
        "proration_date": date,
    }
    shown = _preview(server, subscription=subscription["id"], subscription_details=change)
    details = shown["parent"]["subscription_details"]
    assert details["subscription_proration_date"] == date
    given: Any = change
    server.stripe.v1.subscriptions.update(subscription["id"], given)
    if behavior == "create_prorations":
        same = _preview(server, subscription=subscription["id"])
    else:
        changed = server.get(f"/v1/subscriptions/{subscription['id']}")
        same = server.get(f"/v1/invoices/{changed['latest_invoice']}")
    lines = [
        [(line["amount"], line["description"]) for line in one["lines"]["data"]]
        for one in (shown, same)
    ]
    assert lines[0] == lines[1]
    assert shown["amount_due"] == same["amount_due"]


def test_a_change_without_prorations_shows_the_new_period_alone(server: SandboxServer) -> None:
    """At its new quantity."""
    subscription = server.paid_subscription()
    item = _item(subscription)
    shown = _preview(
        server,
        subscription=subscription["id"],
        subscription_details={
            "items": [{"id": item["id"], "quantity": 2}],
            "proration_behavior": "none",
        },
    )
    [line] = shown["lines"]["data"]
    assert line["amount"] == 2 * item["price"]["unit_amount"]


def test_a_new_subscription_is_previewed(server: SandboxServer) -> None:
    """For a customer who has none, before it is made."""
    customer = server.stripe.v1.customers.create({"name": "Ann"}).id
    nothing: Any = {"customer": customer}
    refusal = refused(lambda: server.stripe.v1.invoices.create_preview(nothing))
    assert (refusal.http_status, refusal.code) == (404, "invoice_upcoming_none")
    shown = _preview(
        server,
        customer=customer,
        subscription_details={"items": [{"price": server.pro, "quantity": 2}]},
    )
    price = server.get(f"/v1/prices/{server.pro}")["unit_amount"]
    assert shown["amount_due"] == 2 * price


def test_what_ends_with_its_period_has_no_next_invoice(server: SandboxServer) -> None:
    """Stripe's 404, as for one that has ended."""
    subscription = server.paid_subscription()["id"]
    service: Any = server.stripe.v1
    service.subscriptions.update(subscription, {"cancel_at_period_end": True})
    for _ in range(2):
        refusal = refused(lambda: service.invoices.create_preview({"subscription": subscription}))
        assert refusal.code == "invoice_upcoming_none"
        if service.subscriptions.retrieve(subscription).status == "active":
            service.subscriptions.cancel(subscription)
