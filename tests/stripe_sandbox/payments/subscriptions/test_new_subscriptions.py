"""What a new subscription may say: how it is invoiced, from when on, and what it is for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.stripe.sandbox_server import SandboxServer, refused, types
from tests.support.stripe.stripe_types import assert_fits

DAY, HOUR = 86_400, 3_600


def _customer(server: SandboxServer) -> str:
    """A customer with a card."""
    customer = server.stripe.v1.customers.create({"email": "ann@example.com"}).id
    card = server.stripe.v1.payment_methods.attach("pm_card_visa", {"customer": customer}).id
    default: Any = {"invoice_settings": {"default_payment_method": card}}
    server.stripe.v1.customers.update(customer, default)
    return customer


def _create(server: SandboxServer, **params: Any) -> Any:
    given: Any = {"customer": _customer(server), "items": [{"price": server.pro}], **params}
    made = server.stripe.v1.subscriptions.create(given)
    found = server.get(f"/v1/subscriptions/{made.id}")
    assert_fits(found)
    return found


def _latest(server: SandboxServer, subscription: str) -> Any:
    latest = server.get(f"/v1/subscriptions/{subscription}")["latest_invoice"]
    invoice = server.get(f"/v1/invoices/{latest}")
    assert_fits(invoice)
    return invoice


def _status(server: SandboxServer, subscription: str) -> str:
    status: str = server.get(f"/v1/subscriptions/{subscription}")["status"]
    return status


def test_a_subscription_whose_invoices_are_sent_is_active_at_once(server: SandboxServer) -> None:
    """Its invoices are drafts for an hour, and past due when they are not paid in time."""
    made = _create(server, collection_method="send_invoice", days_until_due=5)
    assert (made["status"], made["days_until_due"]) == ("active", 5)
    draft = _latest(server, made["id"])
    assert (draft["status"], draft["collection_method"]) == ("draft", "send_invoice")
    assert types(server.advance(HOUR)) == ["invoice.finalized", "invoice.sent"]
    sent = _latest(server, made["id"])
    now = server.sandbox.clock.now()
    assert (sent["status"], sent["due_date"]) == ("open", now + 5 * DAY)
    assert types(server.advance(5 * DAY)) == ["customer.subscription.updated"]
    assert _status(server, made["id"]) == "past_due"
    server.stripe.v1.invoices.pay(sent["id"], {"paid_out_of_band": True})
    assert _status(server, made["id"]) == "active"
    renewal = server.advance(26 * DAY + HOUR)
    assert types(renewal)[-2:] == ["invoice.finalized", "invoice.sent"]
    assert _latest(server, made["id"])["next_payment_attempt"] is None
    update = server.stripe.v1.subscriptions.update
    update(made["id"], {"collection_method": "charge_automatically"})
    server.advance(31 * DAY + HOUR)
    assert _latest(server, made["id"])["status"] == "paid"


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"collection_method": "send_invoice"}, "days_until_due"),
        ({"days_until_due": 5}, "days_until_due"),
        ({"add_invoice_items": [{"quantity": 1}]}, "add_invoice_items[0][price]"),
        ({"items": [{"quantity": 1}]}, "items[0][price]"),
        ({"items": [{"price": "PRO"}, {"price": "PRO"}]}, "items[1][price]"),
        ({"cancel_at": 2_000_000_000, "cancel_at_period_end": True}, "cancel_at"),
        ({"trial_end": 2_000_000_000, "trial_period_days": 3}, "trial_end"),
        ({"items": [{"price": "PRO"}, {"price": "YEARLY"}]}, "items"),
        ({"items": [{"price": "ARCHIVED"}]}, "items[0][price]"),
        ({"items": [{"price": "PRO", "quantity": -1}]}, "items[0][quantity]"),
        ({"currency": "eur"}, "items[0][price]"),
        ({"billing_cycle_anchor": 1_000_000_000}, "billing_cycle_anchor"),
        ({"billing_cycle_anchor": "LATE"}, "billing_cycle_anchor"),
    ],
)
def test_what_does_not_go_together_is_refused(
    shared_server: SandboxServer, params: Any, param: str
) -> None:
    late = shared_server.sandbox.clock.now() + 40 * DAY
    given: dict[str, Any] = {
        name: late if value == "LATE" else value for name, value in params.items()
    }
    prices = {"PRO": shared_server.pro}
    data: Any = {"currency": "usd", "unit_amount": 500, "product_data": {"name": "Tea"}}
    for name, interval, active in (("YEARLY", "year", True), ("ARCHIVED", "month", False)):
        data |= {"recurring": {"interval": interval}, "active": active}
        prices[name] = shared_server.stripe.v1.prices.create(data).id
    if "items" in given:
        given["items"] = [
            {name: prices.get(value, value) for name, value in item.items()}
            for item in given["items"]
        ]
    error = refused(lambda: _create(shared_server, **given))
    assert getattr(error, "param", "") == param


def test_what_a_running_subscription_cannot_become_is_refused(
    shared_server: SandboxServer,
) -> None:
    """Less than none of an item, or a pause that is over already."""
    paid = shared_server.paid_subscription()
    [item] = paid["items"]["data"]
    for change, param in (
        ({"items": [{"id": item["id"], "quantity": -1}]}, "items[0][quantity]"),
        (
            {"pause_collection": {"behavior": "void", "resumes_at": 5}},
            "pause_collection[resumes_at]",
        ),
    ):
        given: Any = change
        update = shared_server.stripe.v1.subscriptions.update
        error = refused(lambda: update(paid["id"], given))  # noqa: B023
        assert getattr(error, "param", "") == param
    update_item = shared_server.stripe.v1.subscription_items.update
    error = refused(lambda: update_item(item["id"], {"quantity": -1}))
    assert getattr(error, "param", "") == "quantity"


def test_automatic_tax_of_a_running_subscription_is_refused(shared_server: SandboxServer) -> None:
    paid = shared_server.paid_subscription()["id"]
    taxed: Any = {"automatic_tax": {"enabled": True}}
    error = refused(lambda: shared_server.stripe.v1.subscriptions.update(paid, taxed))
    assert error.code == "sandbox_not_simulated"


def test_a_new_subscription_takes_what_quickstarts_say(server: SandboxServer) -> None:
    """The flexible billing mode, no tax, a price for it alone, and something that is sold once."""
    product = server.get(f"/v1/prices/{server.pro}")["product"]
    data = {
        "currency": "eur",
        "product": product,
        "recurring": {"interval": "week", "interval_count": 2},
        "unit_amount": 700,
    }
    once: Any = {"currency": "eur", "unit_amount": 2_000, "product_data": {"name": "Setup"}}
    setup = server.stripe.v1.prices.create(once).id
    made = _create(
        server,
        add_invoice_items=[{"price": setup}],
        automatic_tax={"enabled": False},
        billing_mode={"type": "flexible"},
        items=[{"price_data": data, "quantity": 2}],
    )
    [item] = made["items"]["data"]
    assert (made["status"], made["currency"]) == ("active", "eur")
    assert item["current_period_end"] - item["current_period_start"] == 14 * DAY
    assert (item["price"]["active"], item["price"]["unit_amount"]) == (False, 700)
    assert _latest(server, made["id"])["amount_paid"] == 3_400
    server.advance(14 * DAY + HOUR)
    assert _latest(server, made["id"])["amount_paid"] == 1_400


def test_the_first_period_ends_at_the_anchor(server: SandboxServer) -> None:
    """It costs its part of a period, or nothing; the next one is whole."""
    daily: Any = {
        "currency": "usd",
        "unit_amount": 3_000,
        "recurring": {"interval": "day", "interval_count": 30},
        "product_data": {"name": "Team plan"},
    }
    items = [{"price": server.stripe.v1.prices.create(daily).id}]
    anchor = server.sandbox.clock.now() + 10 * DAY
    made = _create(server, items=items, billing_cycle_anchor=anchor)
    free = _create(server, items=items, billing_cycle_anchor=anchor, proration_behavior="none")
    assert made["billing_cycle_anchor"] == made["items"]["data"][0]["current_period_end"] == anchor
    assert _latest(server, made["id"])["amount_paid"] == 1_000
    assert _latest(server, free["id"])["total"] == 0
    server.advance(10 * DAY + HOUR)
    for subscription in (made, free):
        renewal = _latest(server, subscription["id"])
        assert (renewal["amount_paid"], renewal["billing_reason"]) == (3_000, "subscription_cycle")
    [item] = server.get(f"/v1/subscriptions/{made['id']}")["items"]["data"]
    assert item["current_period_end"] == anchor + 30 * DAY


def test_a_customer_has_no_discount_of_its_own(shared_server: SandboxServer) -> None:
    """There is none to delete."""
    service = shared_server.stripe.v1.customers
    customer = service.create({"email": "ann@example.com"}).id
    error = refused(lambda: service.delete_discount(customer))
    assert (error.http_status, error.code) == (404, "resource_missing")


def test_a_subscription_is_in_a_currency_that_its_prices_have(server: SandboxServer) -> None:
    """Its first invoice, what is sold with it, a change of its plan and its renewals too."""
    prices = server.stripe.v1.prices

    def price(amount: int, **recurring: Any) -> str:
        given: Any = {
            "currency": "usd",
            "unit_amount": amount,
            "currency_options": {"eur": {"unit_amount": amount - 100}},
            "product_data": {"name": "Tea"},
            **recurring,
        }
        return prices.create(given).id

    month = {"recurring": {"interval": "month"}}
    cup, pot = price(1_000, **month), price(3_000, **month)
    made = _create(
        server, items=[{"price": cup}], currency="eur", add_invoice_items=[{"price": price(500)}]
    )
    assert (made["currency"], made["items"]["data"][0]["price"]["unit_amount"]) == ("eur", 900)
    first = _latest(server, made["id"])
    assert (first["total"], first["currency"], first["status"]) == (1_300, "eur", "paid")
    item = {"id": made["items"]["data"][0]["id"], "price": pot}
    change: Any = {"items": [item], "proration_behavior": "none"}
    server.stripe.v1.subscriptions.update(made["id"], change)
    server.advance(32 * DAY)
    renewed = _latest(server, made["id"])
    assert (renewed["total"], renewed["currency"], renewed["status"]) == (2_900, "eur", "paid")
