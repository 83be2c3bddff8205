"""Subscriptions that a coupon discounts: once, for some months, forever."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.stripe.older_versions import Older
from tests.support.stripe.sandbox_server import SandboxServer, refused, types
from tests.support.stripe.stripe_types import assert_fits

MONTH = 31 * 86_400


def _coupon(server: SandboxServer, **params: Any) -> str:
    given: Any = {"percent_off": 25, **params}
    return server.stripe.v1.coupons.create(given).id


def _subscribed(server: SandboxServer, **params: Any) -> dict[str, Any]:
    session = server.subscribe(**params)
    server.pay(session.id)
    path = f"/v1/checkout/sessions/{session.id}"
    found: dict[str, Any] = server.get(path, **{"expand[0]": "subscription"})["subscription"]
    return found


def _invoices(server: SandboxServer, subscription: str) -> list[dict[str, Any]]:
    """Its invoices, the oldest first."""
    found = server.get("/v1/invoices", subscription=subscription)["data"][::-1]
    assert_fits(*found)
    return list(found)


@pytest.mark.parametrize(
    ("coupon", "totals"),
    [
        ({"duration": "once"}, [7425, 9900, 9900, 9900]),
        ({"duration": "repeating", "duration_in_months": 2}, [7425, 7425, 9900, 9900]),
        ({"duration": "forever"}, [7425, 7425, 7425, 7425]),
    ],
)
def test_a_coupon_lasts_as_long_as_it_says(
    server: SandboxServer, coupon: dict[str, Any], totals: list[int]
) -> None:
    """On the first invoice and the renewals; its end has an event."""
    known = server.event_types()
    subscription = _subscribed(server, discounts=[{"coupon": _coupon(server, **coupon)}])
    assert "customer.discount.created" in server.event_types_since(known)
    passed = [event for _ in range(3) for event in server.advance(MONTH + 3_600)]
    invoices = _invoices(server, subscription["id"])
    assert [invoice["total"] for invoice in invoices] == totals
    assert [invoice["amount_paid"] for invoice in invoices] == totals
    assert {invoice["subtotal"] for invoice in invoices} == {9900}
    ended = coupon["duration"] != "forever"
    assert ("customer.discount.deleted" in server.event_types_since(known)) is ended
    if coupon["duration"] == "repeating":
        assert types(passed).count("customer.discount.deleted") == 1
    now = server.get(f"/v1/subscriptions/{subscription['id']}")
    assert bool(now["discounts"]) is not ended


def test_an_invoice_names_its_discount(server: SandboxServer) -> None:
    """With what it takes off in all and of each line; an expansion shows it."""
    coupon = _coupon(server, duration="repeating", duration_in_months=3)
    subscription = _subscribed(server, discounts=[{"coupon": coupon}])
    [identifier] = subscription["discounts"]
    [invoice] = _invoices(server, subscription["id"])
    assert invoice["discounts"] == [identifier]
    part = {"amount": 2475, "discount": identifier}
    assert invoice["total_discount_amounts"] == [part]
    [line] = invoice["lines"]["data"]
    assert (line["amount"], line["discount_amounts"]) == (9900, [part])
    path = f"/v1/invoices/{invoice['id']}"
    [discount] = server.get(path, **{"expand[0]": "discounts.source.coupon"})["discounts"]
    assert_fits(discount)
    assert discount["source"]["coupon"]["times_redeemed"] == 1
    assert discount["subscription"] == subscription["id"]
    assert discount["end"] > discount["start"]
    server.stripe.v1.coupons.delete(coupon)
    server.advance(MONTH + 3_600)
    assert _invoices(server, subscription["id"])[1]["total"] == 7425


def test_a_subscription_without_a_checkout_takes_discounts(server: SandboxServer) -> None:
    """By a coupon or a promotion code, also by the names of older versions."""
    service = server.stripe.v1
    customer = service.customers.create({"email": "ann@example.com"}).id
    service.payment_methods.attach("pm_card_visa", {"customer": customer})
    card = service.payment_methods.list({"customer": customer}).data[0].id
    code: Any = {"promotion": {"type": "coupon", "coupon": _coupon(server)}}
    given: Any = {
        "customer": customer,
        "items": [{"price": server.pro}],
        "default_payment_method": card,
        "discounts": [{"promotion_code": service.promotion_codes.create(code).id}],
    }
    made = service.subscriptions.create(given)
    [invoice] = _invoices(server, made.id)
    assert (invoice["total"], invoice["status"], made.discounts) == (7425, "paid", [])
    older = Older(server, "2023-10-16")
    coupon = _coupon(server, duration="forever")
    sold = older.post(
        "/v1/subscriptions",
        customer=customer,
        items=[{"price": server.pro}],
        default_payment_method=card,
        coupon=coupon,
    )
    assert sold["discount"]["coupon"]["id"] == coupon
    lowered = older.get(f"/v1/invoices/{sold['latest_invoice']}")
    assert lowered["discount"]["coupon"]["id"] == coupon
    error = older.refusal(
        "POST",
        "/v1/subscriptions",
        customer=customer,
        items=[{"price": server.pro}],
        coupon="NONE",
    )
    assert (error["param"], error["message"]) == ("coupon", "No such coupon: 'NONE'")


def test_a_whole_discount_saves_the_card_or_asks_for_none(server: SandboxServer) -> None:
    """As `payment_method_collection` says; once it is over, the renewal is charged."""
    for collection, paid in (("always", "paid"), ("if_required", "open")):
        coupon = _coupon(server, percent_off=100)
        session = server.subscribe(
            discounts=[{"coupon": coupon}], payment_method_collection=collection
        )
        body = {"card": "4242424242424242"} if collection == "always" else {}
        assert ('name="number"' in server.page(session.id)) is bool(body)
        answer = server.control("POST", f"sessions/{session.id}/pay", body)
        assert answer["payment_status"] == "no_payment_required"
        assert ("setup_intent.succeeded" in types(server.events(answer["events"]))) is bool(body)
        done = server.retrieve(session.id, "subscription")
        assert done.subscription.status == "active"
        server.advance(MONTH + 3_600)
        first, second = _invoices(server, done.subscription.id)
        assert (first["status"], first["total"]) == ("paid", 0)
        assert (second["status"], second["total"]) == (paid, 9900)


def test_discounts_of_a_running_subscription_are_replaced_and_cleared(
    server: SandboxServer,
) -> None:
    """One more, another instead, none: each with its event, and the next invoice says so."""
    subscription = server.paid_subscription()
    update = server.stripe.v1.subscriptions.update
    first, second = (_coupon(server, duration="forever", percent_off=off) for off in (25, 50))
    code: Any = {"promotion": {"type": "coupon", "coupon": second}}
    promotion = server.stripe.v1.promotion_codes.create(code).id
    known = server.event_types()
    [one] = update(subscription["id"], {"discounts": [{"coupon": first}]}).discounts
    assert server.event_types_since(known) == [
        "coupon.updated",
        "customer.discount.created",
        "customer.subscription.updated",
    ]
    both: Any = {"discounts": [{"discount": one}, {"promotion_code": promotion}]}
    assert update(subscription["id"], both).discounts[0] == one
    server.advance(MONTH + 3_600)
    invoice = _invoices(server, subscription["id"])[-1]
    parts = [part["amount"] for part in invoice["total_discount_amounts"]]
    assert (invoice["amount_paid"], parts) == (3_712, [2_475, 3_713])
    assert server.get(f"/v1/promotion_codes/{promotion}")["times_redeemed"] == 1
    known = server.event_types()
    update(subscription["id"], {"discounts": ""})
    assert server.event_types_since(known).count("customer.discount.deleted") == 2
    assert update(subscription["id"], {"discounts": [{"coupon": first}]}).discounts
    known = server.event_types()
    update(subscription["id"], {"discounts": [{"coupon": second}]})
    assert "customer.discount.updated" in server.event_types_since(known)
    gone = server.stripe.v1.subscriptions.delete_discount(subscription["id"])
    assert gone.to_dict()["deleted"] is True
    assert_fits(server.get(f"/v1/subscriptions/{subscription['id']}"))
    error = refused(lambda: server.stripe.v1.subscriptions.delete_discount(subscription["id"]))
    assert (error.http_status, error.code) == (404, "resource_missing")
    wrong: Any = {"discounts": [{"discount": "di_none"}]}
    error = refused(lambda: update(subscription["id"], wrong))
    assert getattr(error, "param", "") == "discounts[0][discount]"


def test_a_discount_of_an_item_lowers_its_lines_alone(server: SandboxServer) -> None:
    """Before the subscription's own; also from the beginning."""
    service = server.stripe.v1
    customer = service.customers.create({"email": "ann@example.com"}).id
    service.payment_methods.attach("pm_card_visa", {"customer": customer})
    method = service.payment_methods.list({"customer": customer}).data[0].id
    support: Any = {
        "currency": "usd",
        "unit_amount": 1_000,
        "recurring": {"interval": "month"},
        "product_data": {"name": "Support"},
    }
    half = _coupon(server, duration="forever", percent_off=50)
    given: Any = {
        "customer": customer,
        "default_payment_method": method,
        "items": [
            {"price": server.pro, "discounts": [{"coupon": half}]},
            {"price": service.prices.create(support).id},
        ],
    }
    made = server.get(f"/v1/subscriptions/{service.subscriptions.create(given).id}")
    first, second = made["items"]["data"]
    assert (len(first["discounts"]), second["discounts"]) == (1, [])
    [invoice] = _invoices(server, made["id"])
    assert (invoice["amount_paid"], invoice["discounts"]) == (5_950, [])
    assert invoice["lines"]["data"][0]["discounts"] == first["discounts"]
    [discount] = server.get(f"/v1/subscription_items/{first['id']}", **{"expand[0]": "discounts"})[
        "discounts"
    ]
    assert_fits(discount)
    assert discount["subscription_item"] == first["id"]
    tenth = _coupon(server, duration="once", percent_off=10)
    own: Any = {"discounts": [{"coupon": tenth}]}
    service.subscription_items.update(second["id"], own)
    server.advance(MONTH + 3_600)
    assert _invoices(server, made["id"])[-1]["amount_paid"] == 5_850
    assert server.get(f"/v1/subscription_items/{second['id']}")["discounts"] == []


def test_prorations_are_net_of_discounts(server: SandboxServer) -> None:
    """What is given back is what was paid."""
    coupon = _coupon(server, duration="forever", percent_off=50)
    subscription = _subscribed(server, discounts=[{"coupon": coupon}])
    [item] = subscription["items"]["data"]
    middle = (item["current_period_start"] + item["current_period_end"]) // 2
    change: Any = {"items": [{"id": item["id"], "quantity": 3}], "proration_date": middle}
    server.stripe.v1.subscriptions.update(subscription["id"], change)
    pending = server.get("/v1/invoiceitems", customer=subscription["customer"])["data"]
    assert [one["amount"] for one in pending] == [7_425, -2_475]


def test_an_older_version_switches_and_clears_the_coupon(server: SandboxServer) -> None:
    """By `coupon`, and an empty one."""
    subscription = server.paid_subscription()
    coupon = _coupon(server, duration="forever")
    older, path = Older(server, "2024-06-20"), f"/v1/subscriptions/{subscription['id']}"
    assert older.post(path, coupon=coupon)["discount"]["coupon"]["id"] == coupon
    assert older.post(path, coupon="")["discount"] is None
    older.post(path, coupon=coupon)
    gone = older.send("DELETE", f"{path}/discount", {}).json()
    assert (gone["deleted"], gone["coupon"]["id"]) == (True, coupon)
