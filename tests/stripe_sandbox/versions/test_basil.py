"""What 2025-03-31.basil changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.stripe.older_versions import Older
from tests.support.stripe.sandbox_server import SandboxServer, sandbox_server
from tests.support.waiting import wait_for

BEFORE, SINCE = "2025-02-24.acacia", "2025-03-31.basil"
MONTH = 32 * 86_400


@pytest.fixture(scope="module")
def sold() -> Iterator[tuple[SandboxServer, dict[str, Any]]]:
    """A paid subscription, as the newest version has it, whose quantity was raised: there are
    prorations."""
    with sandbox_server(None) as server:
        subscription = server.paid_subscription()
        server.clock.advance(86_400)
        item = {"id": subscription["items"]["data"][0]["id"], "quantity": 3}
        path = f"/v1/subscriptions/{subscription['id']}"
        changed = Older(server, SINCE).post(path, items=[item])
        server.advance(MONTH)
        yield server, changed


Sold = tuple[SandboxServer, dict[str, Any]]


def _invoices(server: SandboxServer, version: str) -> list[dict[str, Any]]:
    """All invoices, the oldest first."""
    data: list[dict[str, Any]] = Older(server, version).get("/v1/invoices")["data"]
    return data[::-1]


def test_a_subscription_has_its_period_before(sold: Sold) -> None:
    """Its items since."""
    server, subscription = sold
    path = f"/v1/subscriptions/{subscription['id']}"
    older, newer = Older(server, BEFORE).get(path), Older(server, SINCE).get(path)
    for name in ("current_period_start", "current_period_end"):
        assert older[name] == newer["items"]["data"][0][name]
        assert name not in older["items"]["data"][0]
        assert name not in newer
    assert older["discount"] is None
    [listed] = Older(server, BEFORE).get("/v1/subscription_items", subscription=older["id"])["data"]
    assert "current_period_end" not in listed


def test_an_invoice_names_its_subscription_before(sold: Sold) -> None:
    """Its parent does since."""
    server, subscription = sold
    for older, newer in zip(_invoices(server, BEFORE), _invoices(server, SINCE), strict=True):
        details = newer["parent"]["subscription_details"]
        assert older["subscription"] == details["subscription"] == subscription["id"]
        assert older["subscription_details"] == {"metadata": details["metadata"]}
        assert older.keys().isdisjoint(("parent", "total_taxes", "amount_overpaid"))
        assert (older["quote"], older["discount"], older["tax"]) == (None, None, None)
        assert "subscription" not in newer


def test_an_invoice_names_what_paid_it_before(sold: Sold) -> None:
    """Its payments do since; PaymentIntent and charge name the invoice before, and not since."""
    server, _ = sold
    older = Older(server, BEFORE)
    first = _invoices(server, BEFORE)[0]
    intent = older.get(f"/v1/payment_intents/{first['payment_intent']}")
    charge = older.get(f"/v1/charges/{first['charge']}")
    assert (first["paid"], first["paid_out_of_band"]) == (True, False)
    assert intent["latest_charge"] == charge["id"]
    assert intent["invoice"] == charge["invoice"] == first["id"]
    newer = Older(server, SINCE)
    assert "invoice" not in newer.get(f"/v1/payment_intents/{intent['id']}")
    assert newer.get("/v1/invoices")["data"][0].keys().isdisjoint(("paid", "payment_intent"))


def test_an_invoice_that_was_paid_otherwise_says_so_before(shared_server: SandboxServer) -> None:
    """Its PaymentIntent did not pay it."""
    older = Older(shared_server, BEFORE)
    customer = older.post("/v1/customers", email="ada@example.com")["id"]
    subscription = older.post(
        "/v1/subscriptions",
        customer=customer,
        items=[{"price": shared_server.pro}],
        payment_behavior="default_incomplete",
        expand=["latest_invoice.payment_intent"],
    )
    invoice = subscription["latest_invoice"]
    assert invoice["payment_intent"]["client_secret"]
    assert (invoice["paid"], invoice["charge"]) == (False, None)
    paid = older.post(f"/v1/invoices/{invoice['id']}/pay", paid_out_of_band=True)
    assert (paid["paid"], paid["paid_out_of_band"]) == (True, True)


def test_what_was_sold_once_has_no_invoice(server: SandboxServer) -> None:
    """PaymentIntent and charge say so before."""
    server.pay(server.create().id)
    older = Older(server, BEFORE)
    intent = older.get("/v1/payment_intents", "data.latest_charge", limit=1)["data"][0]
    assert intent["invoice"] is intent["latest_charge"]["invoice"] is None


def test_a_line_holds_its_price_before(sold: Sold) -> None:
    """With its plan, and says what it comes from; since, its pricing and its parent do."""
    server, subscription = sold
    item = subscription["items"]["data"][0]
    older, newer = (
        [line for invoice in _invoices(server, version) for line in invoice["lines"]["data"]]
        for version in (BEFORE, SINCE)
    )
    assert len(older) > 3
    assert {(line["type"], line["proration"]) for line in older} == {
        ("invoiceitem", True),
        ("subscription", False),
    }
    for one, other in zip(older, newer, strict=True):
        assert one["price"]["id"] == one["plan"]["id"] == server.pro
        assert other["pricing"]["price_details"]["price"] == server.pro
        assert one["subscription_item"] == item["id"]
        assert one["amount_excluding_tax"] == one["amount"]
        assert one["tax_amounts"] == one["tax_rates"] == []
        assert one.keys().isdisjoint(("parent", "pricing", "taxes"))
    path = f"/v1/invoices/{_invoices(server, BEFORE)[0]['id']}/lines"
    assert Older(server, BEFORE).get(path)["data"][0]["price"]["id"] == server.pro


def test_an_invoice_item_holds_its_price_before(sold: Sold) -> None:
    """And names its subscription."""
    server, subscription = sold
    older = Older(server, BEFORE).get("/v1/invoiceitems", "data.subscription")["data"]
    newer = Older(server, SINCE).get("/v1/invoiceitems")["data"]
    assert older
    for one, other in zip(older, newer, strict=True):
        assert one["price"]["id"] == other["pricing"]["price_details"]["price"] == server.pro
        assert (one["unit_amount"], one["unit_amount_decimal"]) == (9900, "9900")
        assert one["subscription"]["id"] == subscription["id"]
        assert one["subscription"]["current_period_end"]
        assert one["subscription_item"] == subscription["items"]["data"][0]["id"]
        assert one.keys().isdisjoint(("parent", "pricing"))


def test_former_fields_are_expanded_at_any_depth(sold: Sold) -> None:
    """Through each other, in objects and in lists; since, they are no paths."""
    server, subscription = sold
    older, path = Older(server, BEFORE), f"/v1/subscriptions/{subscription['id']}"
    intent = older.get(path, "latest_invoice.payment_intent.latest_charge")["latest_invoice"][
        "payment_intent"
    ]
    assert intent["client_secret"]
    assert intent["latest_charge"]["invoice"] == intent["invoice"]
    first = older.get(f"/v1/invoices/{intent['invoice']}", "lines.data.price.product")
    assert first["lines"]["data"][0]["price"]["product"]["name"] == "Pro plan"
    invoice = older.get("/v1/charges", "data.invoice.subscription")["data"][0]["invoice"]
    assert invoice["subscription"]["id"] == subscription["id"]
    for version, wrong in ((SINCE, "latest_invoice.payment_intent"), (BEFORE, "discount.x")):
        error = Older(server, version).refusal("GET", path, expand=[wrong])
        assert error["message"] == f"This property cannot be expanded ({wrong})."


def test_coupons_are_refused_by_the_name_that_the_request_has(sold: Sold) -> None:
    """Those of a customer are not simulated."""
    server, subscription = sold
    for name in ("coupon", "promotion_code"):
        for path, code in (
            (f"/v1/subscriptions/{subscription['id']}", "resource_missing"),
            ("/v1/customers", "sandbox_not_simulated"),
        ):
            error = Older(server, BEFORE).refusal("POST", path, **{name: "SPRING"})
            assert (error["code"], error["param"]) == (code, name)
            assert "discounts" not in error["message"]


def test_the_upcoming_invoice_is_an_operation_before(sold: Sold) -> None:
    """By the parameters that it had; since, it is a preview, and the path that of an invoice."""
    server, subscription = sold
    path, older = "/v1/invoices/upcoming", Older(server, BEFORE)
    item = subscription["items"]["data"][0]["id"]
    asked: dict[str, Any] = {
        "customer": subscription["customer"],
        "subscription": subscription["id"],
        "subscription_items": [{"id": item, "quantity": 3}],
        "subscription_proration_behavior": "none",
    }
    upcoming = older.get(path, **asked)
    assert (upcoming["subscription"], upcoming["total"]) == (subscription["id"], 29_700)
    lines = older.get(f"{path}/lines", **asked)
    assert lines["url"] == f"{path}/lines"
    assert [line["quantity"] for line in lines["data"]] == [3]
    coupon = server.stripe.v1.coupons.create({"percent_off": 50, "duration": "once"}).id
    assert older.get(path, customer=subscription["customer"], coupon=coupon)["total"] == 14_850
    wrong = older.refusal("GET", path, customer=subscription["customer"], coupon="NONE")
    assert (wrong["param"], wrong["message"]) == ("coupon", "No such coupon: 'NONE'")
    resumed = older.refusal("GET", path, **{**asked, "subscription_resume_at": "now"})
    assert resumed["code"] == "sandbox_not_simulated"
    previewed = Older(server, "2025-08-27.basil").post(
        "/v1/invoices/create_preview",
        subscription=subscription["id"],
        subscription_details={"billing_cycle_anchor": "now", "proration_behavior": "none"},
    )
    assert previewed["total"] == 29_700
    assert Older(server, SINCE).refusal("GET", path)["code"] == "resource_missing"


def test_usage_records_are_refused_by_name(sold: Sold) -> None:
    """Since, there is no such URL."""
    server, subscription = sold
    path = f"/v1/subscription_items/{subscription['items']['data'][0]['id']}/usage_records"
    error = Older(server, BEFORE).refusal("POST", path, quantity=1)
    assert error["code"] == "sandbox_not_simulated"
    assert "/{subscription_item}/usage_records" in error["message"]
    assert Older(server, SINCE).send("POST", path, {"quantity": 1}).status_code == 404


def test_the_former_values_of_an_event_are_of_its_version(server: SandboxServer) -> None:
    """A renewal moves the subscription's period before, its items' since; opening an invoice names
    its PaymentIntent before."""
    wanted = ["customer.subscription.updated", "invoice.created", "invoice.paid"]
    for version in (BEFORE, SINCE):
        params: Any = {"url": server.receiver.url, "enabled_events": wanted, "api_version": version}
        server.stripe.v1.webhook_endpoints.create(params=params)
    server.paid_subscription()
    server.advance(MONTH)

    def sent(version: str, name: str) -> list[dict[str, Any]]:
        return [
            event["data"]
            for event in server.receiver.events()
            if event["api_version"] == version and event["type"] == name
        ]

    wait_for(lambda: all(len(sent(version, wanted[2])) == 2 for version in (BEFORE, SINCE)))
    for version, name, other in (
        (BEFORE, "current_period_end", "items"),
        (SINCE, "items", "current_period_end"),
    ):
        former = [data["previous_attributes"] for data in sent(version, wanted[0])]
        assert any(name in previous for previous in former), former
        if version == SINCE:
            assert not any(other in previous for previous in former)
    assert all(data["object"]["payment_intent"] for data in sent(BEFORE, "invoice.paid"))
    assert all("parent" in data["object"] for data in sent(SINCE, "invoice.paid"))
    drafts = [data["object"] for data in sent(BEFORE, "invoice.created")]
    assert {one["payment_intent"] for one in drafts if one["status"] == "draft"} == {None}
