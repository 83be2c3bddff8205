"""A shop's whole life at Stripe with whatever stripe SDK is on the path: `python -m
tests.support.older_sdk.purchase URL VERSION [types]` against a sandbox; VERSION is the account's
where the SDK sends none.

It prints a JSON object: `version`, `objects` (how many were held against the SDK's types) and
`faults`. An assertion fails where the sandbox does not answer as that version.
"""

from __future__ import annotations

import json
import queue
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests
import stripe as typed_stripe

stripe: Any = typed_stripe  # another release than the one whose types are looked at
KEY = "sk_test_compat"
CARD = "4242424242424242"


def plain(value: Any) -> dict[str, Any]:
    """An SDK's object as plain data."""
    found: dict[str, Any] = json.loads(str(value))
    return found


class Shop:
    """What a shop asks of Stripe, in the words of the SDK's version."""

    def __init__(self, url: str, account_version: str = "") -> None:
        self.url = url
        self.version = str(stripe.api_version or account_version)
        self.date = self.version[:10]
        self.seen: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.received: queue.Queue[tuple[str, bytes]] = queue.Queue()
        stripe.api_key, stripe.api_base = KEY, url
        stripe.max_network_retries = 0

    def since(self, date: str) -> bool:
        """Whether the SDK's version is of that day or later."""
        return self.date >= date

    def see(self, value: Any) -> dict[str, Any]:
        """An answer as plain data; its type is looked at in the end."""
        found = plain(value)
        self.seen.append(found)
        return found

    def control(self, path: str, body: dict[str, str]) -> dict[str, Any]:
        """What a control of the sandbox answers."""
        url, headers = f"{self.url}/_control/{path}", {"Authorization": f"Bearer {KEY}"}
        answer = requests.post(url, json=body, headers=headers, timeout=20)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def pay(self, session: str) -> None:
        """The payer's part."""
        paid = self.control(f"sessions/{session}/pay", {"card": CARD})
        assert paid["outcome"] == "paid"

    def listen(self) -> str:
        """Receive webhooks; returns their URL."""
        received = self.received

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                received.put((self.headers["Stripe-Signature"], body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/webhook"

    def event(self, secret: str, wanted: str) -> dict[str, Any]:
        """The object of an event of the type that was not asked for yet; the SDK verifies the
        signature. Events come in any order."""
        while True:
            for event in self.events:
                if event["type"] == wanted:
                    self.events.remove(event)
                    found: dict[str, Any] = event["data"]["object"]
                    return found
            signature, body = self.received.get(timeout=20)
            event = self.see(stripe.Webhook.construct_event(body, signature, secret))
            assert event["api_version"] == self.version
            self.events.append(event)

    def session(self, **params: Any) -> dict[str, Any]:
        """A new Checkout Session."""
        mode = "hosted_page" if self.since("2026-03-25") else "hosted"
        if self.since("2023-08-16"):
            params["ui_mode"] = mode
        if not self.since("2026-09-30"):
            params["payment_method_types"] = ["card"]
        session = self.see(
            stripe.checkout.Session.create(
                success_url="https://shop.example/thanks",
                cancel_url="https://shop.example/cart",
                **params,
            )
        )
        assert session["payment_method_types"][0] == "card"
        assert session["ui_mode"] == mode
        return session


def run(shop: Shop) -> None:
    """From the customer to the portal."""
    version = {"api_version": stripe.api_version} if stripe.api_version else {}
    endpoint = stripe.WebhookEndpoint.create(
        url=shop.listen(),
        enabled_events=["*"],
        **version,
    )
    secret = str(endpoint.secret)
    customer = shop.see(stripe.Customer.create(email="ada@example.com", name="Ada"))["id"]
    features = "marketing_features" if shop.since("2024-04-10") else "features"
    given: Any = {features: [{"name": "Hot"}]}
    product = shop.see(stripe.Product.create(name="Tea", **given))
    assert product[features] == [{"name": "Hot"}]
    cup, monthly = (
        shop.see(
            stripe.Price.create(
                product=product["id"], currency="usd", unit_amount=700, **recurring
            )
        )["id"]
        for recurring in ({}, {"recurring": {"interval": "month"}})
    )  # fmt: skip
    buy_once(shop, secret, customer, cup)
    subscribe(shop, secret, customer, monthly)
    portal = stripe.billing_portal.Session.create(
        customer=customer, return_url="https://shop.example/account"
    )
    assert shop.see(portal)["url"].startswith(shop.url)
    types = {} if shop.since("2026-09-30") else {"payment_method_types": ["card"]}
    shop.see(stripe.SetupIntent.create(customer=customer, **types))
    shop.see(stripe.PaymentMethod.list(customer=customer, type="card"))
    listed: tuple[Any, ...] = (
        *(stripe.Customer, stripe.Charge, stripe.Invoice, stripe.Subscription),
        *(stripe.PaymentIntent, stripe.Refund, stripe.Price, stripe.Product),
    )
    for kind in listed:
        assert shop.see(kind.list(limit=100))["data"]


def buy_once(shop: Shop, secret: str, customer: str, price: str) -> None:
    """A payment, its event, its charge and its refund."""
    session = shop.session(
        mode="payment", customer=customer, line_items=[{"price": price, "quantity": 2}]
    )
    shop.pay(session["id"])
    completed = shop.event(secret, "checkout.session.completed")
    assert completed["id"] == session["id"]
    assert completed["ui_mode"] == session["ui_mode"]
    paid = shop.see(
        stripe.checkout.Session.retrieve(
            session["id"], expand=["payment_intent.latest_charge", "line_items.data.price.product"]
        )
    )
    assert paid["payment_status"] == "paid"
    intent = paid["payment_intent"]
    assert "charges" not in intent
    assert intent["latest_charge"]["amount"] == 1400
    assert paid["line_items"]["data"][0]["price"]["product"]["name"] == "Tea"
    if not shop.since("2025-03-31"):
        assert intent["invoice"] is intent["latest_charge"]["invoice"] is None
    shop.control(f"charges/{intent['latest_charge']['id']}/dispute", {"kind": "inquiry"})
    dispute = shop.event(secret, "charge.dispute.created")
    assert dispute["charge"] == intent["latest_charge"]["id"]
    refund = shop.see(stripe.Refund.create(payment_intent=intent["id"], amount=400))
    assert refund["status"] == "succeeded"
    refunded = shop.event(secret, "charge.refunded")
    assert refunded["amount_refunded"] == 400


def subscribe(shop: Shop, secret: str, customer: str, price: str) -> None:
    """A subscription and its first invoice."""
    session = shop.session(
        mode="subscription", customer=customer, line_items=[{"price": price, "quantity": 1}]
    )
    shop.pay(session["id"])
    paid = shop.event(secret, "invoice.paid")
    assert paid["status"] == "paid"
    completed = shop.event(secret, "checkout.session.completed")
    basil = shop.since("2025-03-31")
    subscription = shop.see(
        stripe.Subscription.retrieve(
            completed["subscription"],
            expand=["latest_invoice.payments" if basil else "latest_invoice.payment_intent"],
        )
    )
    period = subscription["items"]["data"][0] if basil else subscription
    assert period["current_period_end"] > period["current_period_start"]
    invoice = subscription["latest_invoice"]
    assert invoice["id"] == paid["id"]
    line = invoice["lines"]["data"][0]
    if basil:
        details = invoice["parent"]["subscription_details"]
        assert details["subscription"] == subscription["id"]
        assert invoice["payments"]["data"][0]["status"] == "paid"
        assert line["pricing"]["price_details"]["price"] == price
        assert "paid" not in invoice
    else:
        assert invoice["subscription"] == subscription["id"]
        assert invoice["paid"] is paid["paid"] is True
        assert line["price"]["id"] == line["plan"]["id"] == price
        assert invoice["payment_intent"]["status"] == "succeeded"
        assert invoice["payment_intent"]["invoice"] == invoice["id"]
        assert invoice["charge"] == paid["charge"] == invoice["payment_intent"]["latest_charge"]
        assert "parent" not in invoice
    item = {"id": subscription["items"]["data"][0]["id"], "quantity": 3}
    shop.see(stripe.Subscription.modify(subscription["id"], items=[item]))
    added = shop.see(stripe.InvoiceItem.list(customer=customer))["data"]
    assert {one["proration"] for one in added} == {True}
    assert all(("pricing" in one) is basil and ("price" in one) is not basil for one in added)
    shop.see(stripe.Subscription.modify(subscription["id"], cancel_at_period_end=True))
    while not shop.event(secret, "customer.subscription.updated")["cancel_at_period_end"]:
        pass  # it became active before


def main() -> None:
    """Run, then look at the types."""
    url, account_version, *wanted = sys.argv[1:]
    shop = Shop(url, account_version)
    run(shop)
    faults: list[str] = []
    if wanted:
        from tests.support.older_sdk import published_types

        faults = sorted({fault for one in shop.seen for fault in published_types.faults(one)})
    print(json.dumps({"version": shop.version, "objects": len(shop.seen), "faults": faults}))


if __name__ == "__main__":
    main()
