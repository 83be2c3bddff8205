"""A subscription's quantity and price change, with prorations to the second."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.stripe.sandbox_server import SandboxServer, price_of, refused, types
from tests.support.stripe.stripe_types import assert_fits

DAY, HOUR = 86_400, 3_600


@pytest.fixture
def subscription(server: SandboxServer) -> Any:
    """A subscription to a plan of $99.00 whose period is 30 days long."""
    thirty = server.stripe.v1.prices.create(
        {
            "currency": "usd",
            "unit_amount": 9_900,
            "recurring": {"interval": "day", "interval_count": 30},
            "product_data": {"name": "Team plan"},
        }
    )
    return server.paid_subscription(line_items=[{"price": thirty.id, "quantity": 1}])


def update(server: SandboxServer, subscription: Any, item: Any = None, **params: Any) -> Any:
    given = {"id": subscription["items"]["data"][0]["id"], **(item or {})}
    whole: Any = {"items": [given], **params}
    server.stripe.v1.subscriptions.update(subscription["id"], whole)
    changed = server.get(f"/v1/subscriptions/{subscription['id']}")
    assert_fits(changed)
    return changed


def pending(server: SandboxServer, subscription: Any) -> list[tuple[int, str]]:
    found = server.get("/v1/invoiceitems", customer=subscription["customer"], pending="true")
    assert_fits(*found["data"])
    return [(one["amount"], one["description"].partition(" after ")[0]) for one in found["data"]]


def invoice_of(server: SandboxServer, subscription: Any) -> Any:
    latest = server.get(f"/v1/subscriptions/{subscription['id']}")["latest_invoice"]
    invoice = server.get(f"/v1/invoices/{latest}")
    assert_fits(invoice)
    return invoice


def test_a_changed_quantity_is_prorated_on_the_next_invoice(
    server: SandboxServer, subscription: Any
) -> None:
    """A third of the way, two thirds are given back and charged anew: to the second."""
    [item] = subscription["items"]["data"]
    server.advance(10 * DAY)
    known = server.event_types()
    changed = update(server, subscription, {"quantity": 3})
    assert server.event_types_since(known) == [
        "invoiceitem.created",
        "invoiceitem.created",
        "customer.subscription.updated",
    ]
    assert changed["items"]["data"][0]["quantity"] == 3
    assert changed["items"]["data"][0]["current_period_end"] == item["current_period_end"]
    assert pending(server, subscription) == [
        (19_800, "Remaining time on 3 × Team plan"),  # noqa: RUF001
        (-6_600, "Unused time on Team plan"),
    ]
    server.advance(20 * DAY + HOUR)
    invoice = invoice_of(server, subscription)
    amounts = [line["amount"] for line in invoice["lines"]["data"]]
    assert (invoice["status"], amounts) == ("paid", [-6_600, 19_800, 29_700])
    assert invoice["amount_paid"] == 42_900
    details = invoice["lines"]["data"][0]["parent"]["subscription_item_details"]
    assert details["proration"] is True
    assert (
        details["proration_details"]["credited_items"]["invoice"]
        == (subscription["latest_invoice"])
    )
    assert pending(server, subscription) == []


def test_always_invoice_collects_at_once(server: SandboxServer, subscription: Any) -> None:
    dear = server.stripe.v1.prices.create(
        {
            "currency": "usd",
            "unit_amount": 19_900,
            "recurring": {"interval": "day", "interval_count": 30},
            "product_data": {"name": "Large plan"},
        }
    )
    server.advance(15 * DAY)
    known = server.event_types()
    changed = update(server, subscription, {"price": dear.id}, proration_behavior="always_invoice")
    invoice = invoice_of(server, subscription)
    assert changed["latest_invoice"] == invoice["id"]
    assert (invoice["billing_reason"], invoice["status"]) == ("subscription_update", "paid")
    assert invoice["amount_paid"] == 5_000
    assert changed["items"]["data"][0]["plan"]["amount"] == 19_900
    happened = server.event_types_since(known)
    assert happened.index("invoice.created") < happened.index("invoice.finalized")
    assert "invoice.paid" in happened
    server.advance(15 * DAY + HOUR)
    assert invoice_of(server, subscription)["amount_paid"] == 19_900


def test_none_prorates_nothing(server: SandboxServer, subscription: Any) -> None:
    server.advance(10 * DAY)
    update(server, subscription, {"quantity": 2}, proration_behavior="none")
    assert pending(server, subscription) == []
    server.advance(20 * DAY + HOUR)
    assert invoice_of(server, subscription)["amount_paid"] == 19_800


def test_the_date_of_the_proration_can_be_chosen(server: SandboxServer, subscription: Any) -> None:
    [item] = subscription["items"]["data"]
    middle = item["current_period_start"] + 15 * DAY
    update(server, subscription, {"quantity": 2}, proration_date=middle)
    assert [amount for amount, _ in pending(server, subscription)] == [9_900, -4_950]
    outside = item["current_period_end"] + 1
    error = refused(lambda: update(server, subscription, {"quantity": 3}, proration_date=outside))
    assert "proration_date" in str(error)


def test_a_net_credit_goes_to_the_customer_s_balance_and_pays_what_comes_next(
    server: SandboxServer, subscription: Any
) -> None:
    update(server, subscription, {"quantity": 3}, proration_behavior="none")
    server.advance(30 * DAY + HOUR)  # three are paid
    server.advance(15 * DAY - HOUR)
    update(server, subscription, {"quantity": 1}, proration_behavior="always_invoice")
    credited = invoice_of(server, subscription)
    assert (credited["total"], credited["amount_due"], credited["status"]) == (-9_900, 0, "paid")
    assert (credited["starting_balance"], credited["ending_balance"]) == (0, -9_900)
    customer = server.get(f"/v1/customers/{subscription['customer']}")
    assert customer["balance"] == -9_900
    events = server.advance(15 * DAY + HOUR)
    assert "payment_intent.created" not in types(events)
    after = invoice_of(server, subscription)
    assert (after["total"], after["amount_due"], after["status"]) == (9_900, 0, "paid")
    assert (after["starting_balance"], after["ending_balance"]) == (-9_900, 0)
    assert server.get(f"/v1/customers/{subscription['customer']}")["balance"] == 0


def test_a_part_of_the_balance_lowers_and_a_debt_raises_what_is_due(
    server: SandboxServer, subscription: Any
) -> None:
    for balance, due in ((-2_900, 7_000), (100, 10_000)):
        server.stripe.v1.customers.update(subscription["customer"], {"balance": balance})
        server.advance(30 * DAY + HOUR)
        invoice = invoice_of(server, subscription)
        assert (invoice["total"], invoice["amount_paid"]) == (9_900, due)
        charge = server.get("/v1/charges", customer=subscription["customer"])["data"][0]
        assert charge["amount"] == due


def test_too_little_to_charge_stays_on_the_balance(
    server: SandboxServer, subscription: Any
) -> None:
    server.stripe.v1.customers.update(subscription["customer"], {"balance": -9_880})
    server.advance(30 * DAY + HOUR)
    invoice = invoice_of(server, subscription)
    assert (invoice["status"], invoice["amount_due"], invoice["ending_balance"]) == ("paid", 0, 20)


@pytest.mark.parametrize(("behavior", "paid"), [("create_prorations", 93_400), ("none", 100_000)])
def test_a_price_of_another_interval_begins_the_period_anew(
    server: SandboxServer, subscription: Any, behavior: str, paid: int
) -> None:
    """What is unused is given back, the new period is paid at once, and renewed at its own end."""
    yearly = price_of(server.sandbox, "yearly", "Yearly", 100_000, "year")
    server.advance(10 * DAY)
    now = server.sandbox.clock.now()
    changed = update(server, subscription, {"price": yearly}, proration_behavior=behavior)
    [item] = changed["items"]["data"]
    assert changed["billing_cycle_anchor"] == item["current_period_start"] == now
    invoice = invoice_of(server, subscription)
    assert (invoice["billing_reason"], invoice["amount_paid"]) == ("subscription_update", paid)
    assert types(server.advance(300 * DAY)) == []
    server.advance(item["current_period_end"] + HOUR - server.sandbox.clock.now())
    assert invoice_of(server, subscription)["amount_paid"] == 100_000
    assert len(server.get("/v1/invoices", subscription=subscription["id"])["data"]) == 3


def test_it_begins_anew_in_the_second_of_its_creation_too(
    server: SandboxServer, subscription: Any
) -> None:
    yearly = price_of(server.sandbox, "yearly", "Yearly", 100_000, "year")
    changed = update(server, subscription, {"price": yearly})
    assert invoice_of(server, subscription)["amount_paid"] == 90_100
    assert types(server.advance(300 * DAY)) == []
    assert changed["items"]["data"][0]["quantity"] == 1


def test_an_item_that_makes_no_sense_is_refused(server: SandboxServer, subscription: Any) -> None:
    """All items have one interval; a Price stands in one; one item has to stay."""
    update_ = server.stripe.v1.subscriptions.update
    [item] = subscription["items"]["data"]
    another = refused(lambda: update_(subscription["id"], {"items": [{"price": server.pro}]}))
    assert "recurring.interval" in str(another)
    same: Any = {"items": [{"price": item["price"]["id"]}]}
    assert "same plan" in str(refused(lambda: update_(subscription["id"], same)))
    last: Any = {"items": [{"id": item["id"], "deleted": True}]}
    assert "at least one active plan" in str(refused(lambda: update_(subscription["id"], last)))
    once = refused(lambda: update(server, subscription, {"price": server.credit}))
    assert "type=one_time" in str(once)
    unknown = refused(
        lambda: update_(subscription["id"], {"items": [{"id": "si_none", "quantity": 2}]})
    )
    assert unknown.code == "resource_missing"


def test_an_item_is_read_and_changed_by_its_own_id(server: SandboxServer) -> None:
    """As by an update of its subscription, with prorations and the subscription's event."""
    items = server.stripe.v1.subscription_items
    subscription = server.paid_subscription()
    [item] = subscription["items"]["data"]
    assert server.get(f"/v1/subscription_items/{item['id']}") == item
    changed = items.update(item["id"], {"quantity": 3, "metadata": {"a": "b"}})
    assert (changed.id, changed.quantity) == (item["id"], 3)
    shown = server.get(f"/v1/subscription_items/{item['id']}")
    assert shown["metadata"] == {"a": "b"}
    assert_fits(shown)
    assert len(server.get("/v1/invoiceitems", customer=subscription["customer"])["data"]) == 2
    assert server.event_types()[-1] == "customer.subscription.updated"
    error = refused(lambda: items.retrieve("si_9"))
    assert (error.http_status, error.user_message) == (404, "No such subscription item: 'si_9'")


def _plan(server: SandboxServer) -> str:
    """A Price of $30.00 for 30 days of support."""
    given: Any = {
        "currency": "usd",
        "unit_amount": 3_000,
        "recurring": {"interval": "day", "interval_count": 30},
        "product_data": {"name": "Support"},
    }
    return server.stripe.v1.prices.create(given).id


def test_an_item_is_added_and_removed_with_prorations(
    server: SandboxServer, subscription: Any
) -> None:
    """By its own endpoints; what is left of the period is charged or given back."""
    support = _plan(server)
    items = server.stripe.v1.subscription_items
    server.advance(15 * DAY)
    added = items.create({"subscription": subscription["id"], "price": support, "quantity": 2})
    assert_fits(server.get(f"/v1/subscription_items/{added.id}"))
    assert added.current_period_end == subscription["items"]["data"][0]["current_period_end"]
    assert pending(server, subscription) == [(3_000, "Remaining time on 2 × Support")]  # noqa: RUF001
    error = refused(lambda: items.create({"subscription": subscription["id"], "price": "NONE"}))
    assert (error.user_message, getattr(error, "param", "")) == ("No such price: 'NONE'", "price")
    server.advance(15 * DAY + HOUR)
    assert invoice_of(server, subscription)["amount_paid"] == 18_900
    server.advance(15 * DAY - HOUR)
    none: Any = {"proration_behavior": "none"}
    free: Any = {"subscription": subscription["id"], "price": _plan(server), **none}
    other = items.create(free)
    items.delete(other.id, none)
    assert items.delete(added.id).deleted is True
    assert pending(server, subscription) == [(-3_000, "Unused time on 2 × Support")]  # noqa: RUF001
    server.advance(15 * DAY + HOUR)
    assert invoice_of(server, subscription)["amount_paid"] == 6_900
