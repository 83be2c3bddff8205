"""Every answer of a version has that version's words, however deep, and shows what is now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from stripe_sandbox.storage.tables import TABLES
from tests.support.stripe.older_versions import Older
from tests.support.stripe.sandbox_server import SandboxServer, sandbox_server

RETURN = "http://shop.example/"
OLDEST = "2022-11-15"
NEWER_WORDS = ('"pricing":', '"hosted_page"', '"marketing_features":', '"total_taxes":')


@pytest.fixture(scope="module")
def sold() -> Iterator[SandboxServer]:
    """A sandbox in which something was sold once and a subscription was begun."""
    with sandbox_server(None) as server:
        server.pay(server.create().id)
        server.paid_subscription()
        setup: Any = {"payment_method": "pm_card_visa", "confirm": True, "return_url": RETURN}
        server.stripe.v1.setup_intents.create(setup)
        customer = server.get("/v1/customers")["data"][0]["id"]
        credit: Any = {"amount": -500, "currency": "usd"}
        server.stripe.v1.customers.balance_transactions.create(customer, credit)
        yield server


@pytest.mark.parametrize("kind", sorted(kind for kind in TABLES if not kind.startswith("v2.")))
def test_no_list_holds_words_of_newer_versions(sold: SandboxServer, kind: str) -> None:
    """Whatever it lists."""
    paths = {"invoiceitem": "invoiceitems", "billing_portal.session": "customers",
             "discount": "subscriptions"}  # fmt: skip
    path = paths.get(kind, kind.replace(".", "/") + "s")
    if kind == "customer_balance_transaction":
        customer = sold.get("/v1/customers")["data"][0]["id"]
        path = f"customers/{customer}/balance_transactions"
    params = {"type": "card"} if kind == "payment_method" else {}
    if kind == "setup_attempt":
        params = {"setup_intent": sold.get("/v1/setup_intents")["data"][0]["id"]}
    answer = Older(sold, OLDEST).send("GET", f"/v1/{path}", params)
    assert answer.status_code == 200, answer.text
    assert [word for word in NEWER_WORDS if word in answer.text] == []


@pytest.mark.parametrize(
    ("path", "expand"),
    [
        ("checkout/sessions", "data.line_items"),
        ("checkout/sessions", "data.subscription.latest_invoice"),
        ("checkout/sessions", "data.invoice.payment_intent.invoice"),
        ("charges", "data.payment_intent.invoice.subscription"),
        ("invoices", "data.subscription.latest_invoice.charge"),
        ("invoices", "data.payments"),
        ("prices", "data.product"),
    ],
)
def test_no_expanded_object_holds_words_of_newer_versions(
    sold: SandboxServer, path: str, expand: str
) -> None:
    """At any depth, by former and by newer fields."""
    answer = Older(sold, OLDEST).send("GET", f"/v1/{path}", {"expand": [expand]})
    assert answer.status_code == 200, answer.text
    assert [word for word in NEWER_WORDS if word in answer.text] == []


def test_newer_paths_may_be_expanded_too(sold: SandboxServer) -> None:
    """They show what they lead to by its former name."""
    older = Older(sold, OLDEST)
    [invoice] = older.get("/v1/invoices")["data"]
    path = f"/v1/invoices/{invoice['id']}/lines"
    [line] = older.get(path, "data.pricing.price_details.price")["data"]
    assert line["price"]["id"] == sold.pro


def test_a_list_shows_other_objects_as_they_are_now(sold: SandboxServer) -> None:
    """A line's Price too, though the invoice has not changed."""
    older = Older(sold, OLDEST)
    for nickname in ("one", "other"):
        older.post(f"/v1/prices/{sold.pro}", nickname=nickname)
        for _ in range(2):
            [invoice] = older.get("/v1/invoices")["data"]
            assert invoice["lines"]["data"][0]["price"]["nickname"] == nickname
