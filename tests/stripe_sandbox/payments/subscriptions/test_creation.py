"""Subscriptions that a program creates, whose first invoice is paid, or not."""

from __future__ import annotations

from typing import Any

from tests.support.stripe.sandbox_server import SandboxServer, refused, types
from tests.support.stripe.stripe_types import assert_fits

DAY, HOUR = 86_400, 3_600


def customer(server: SandboxServer, card: str | None = "pm_card_visa") -> str:
    """A customer with this card as default."""
    made = server.stripe.v1.customers.create({"email": "ann@example.com"}).id
    if card:
        method = server.stripe.v1.payment_methods.attach(card, {"customer": made})
        server.stripe.v1.customers.update(
            made, {"invoice_settings": {"default_payment_method": method.id}}
        )
    return made


def create(server: SandboxServer, owner: str, **params: Any) -> Any:
    given: Any = {"customer": owner, "items": [{"price": server.pro}], **params}
    return server.stripe.v1.subscriptions.create(given)


def test_with_a_good_card_it_is_active_and_its_first_invoice_paid(server: SandboxServer) -> None:
    owner, before = customer(server), server.event_types()
    made = create(server, owner, metadata={"plan": "pro"}, description="Mine")
    shown = server.get(f"/v1/subscriptions/{made.id}", **{"expand[0]": "latest_invoice"})
    assert_fits(shown)
    assert (shown["status"], shown["metadata"], shown["description"]) == (
        "active", {"plan": "pro"}, "Mine",
    )  # fmt: skip
    invoice = shown["latest_invoice"]
    assert (invoice["status"], invoice["billing_reason"]) == ("paid", "subscription_create")
    happened = server.event_types()[len(before) :]
    assert happened[:3] == [
        "customer.subscription.created", "invoice.created", "invoice.finalized",
    ]  # fmt: skip
    assert happened[-1] == "customer.subscription.updated"
    assert {"invoice.paid", "charge.succeeded", "invoice_payment.paid"} <= set(happened)
    end = shown["items"]["data"][0]["current_period_end"]
    renewed = types(server.advance(end - server.sandbox.clock.now() + HOUR))
    assert "invoice.paid" in renewed


def test_without_a_card_nothing_is_created(server: SandboxServer) -> None:
    owner, before = customer(server, None), server.event_types()
    error = refused(lambda: create(server, owner))
    assert (error.http_status, error.code) == (400, "resource_missing")
    assert "no attached payment source" in str(error)
    assert server.event_types() == before


def test_declined_it_is_incomplete_and_expires_within_a_day(server: SandboxServer) -> None:
    owner = customer(server, "pm_card_chargeCustomerFail")
    made = create(server, owner)
    assert made.status == "incomplete"
    assert "customer.subscription.updated" in types(server.advance(23 * HOUR))
    over = server.get(f"/v1/subscriptions/{made.id}", **{"expand[0]": "latest_invoice"})
    assert (over["status"], over["latest_invoice"]["status"]) == ("incomplete_expired", "void")


def test_declined_it_is_refused_where_the_caller_wants_that(server: SandboxServer) -> None:
    owner = customer(server, "pm_card_chargeCustomerFail")
    error = refused(lambda: create(server, owner, payment_behavior="error_if_incomplete"))
    assert (error.http_status, error.code) == (402, "card_declined")
    assert server.get("/v1/subscriptions", customer=owner, status="all")["data"] == []


def test_an_incomplete_one_becomes_active_once_its_invoice_is_paid(server: SandboxServer) -> None:
    made = create(server, customer(server), payment_behavior="default_incomplete")
    assert made.status == "incomplete"
    paid = server.stripe.v1.invoices.pay(str(made.latest_invoice))
    assert paid.status == "paid"
    assert server.get(f"/v1/subscriptions/{made.id}")["status"] == "active"
    assert server.get(f"/v1/subscriptions/{made.id}")["items"]["data"][0]["quantity"] == 1


def test_a_one_time_price_is_refused(shared_server: SandboxServer) -> None:
    owner = customer(shared_server)
    error = refused(lambda: create(shared_server, owner, items=[{"price": shared_server.credit}]))
    assert "type=recurring" in str(error)
