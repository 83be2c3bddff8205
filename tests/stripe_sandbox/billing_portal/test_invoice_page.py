"""The hosted page of an invoice, with forms as a browser without scripts sends them."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests

from tests.stripe_sandbox.billing_portal.test_portal import CARD
from tests.support.stripe.sandbox_server import SandboxServer

HOUR = 3_600


@pytest.fixture
def invoice(server: SandboxServer) -> Any:
    """The open invoice of a renewal that has failed."""
    subscription = server.paid_subscription("4000000000000341")
    end = subscription["items"]["data"][0]["current_period_end"]
    server.advance(end - server.sandbox.clock.now() + HOUR)
    return server.get("/v1/invoices", status="open")["data"][0]


def test_a_finalized_invoice_has_a_page_and_a_draft_none(server: SandboxServer) -> None:
    subscription = server.paid_subscription()
    [paid] = server.get("/v1/invoices")["data"]
    page = requests.get(paid["hosted_invoice_url"], timeout=9)
    assert page.status_code == 200
    assert paid["number"] in page.text
    assert "Pro plan (at $99.00 / month)" in page.text
    assert "Paid" in page.text
    assert "<form" not in page.text
    end = subscription["items"]["data"][0]["current_period_end"]
    server.advance(end - server.sandbox.clock.now())
    [draft] = server.get("/v1/invoices", status="draft")["data"]
    assert draft["hosted_invoice_url"] is None
    assert server.fetch(f"/i/{draft['id']}").status_code == 404


def test_an_open_invoice_is_paid_there(server: SandboxServer, invoice: Any) -> None:
    url = invoice["hosted_invoice_url"]
    assert "Pay $99.00" in requests.get(url, timeout=9).text
    declined = requests.post(f"{url}/pay", {**CARD, "number": "4000000000009995"}, timeout=9)
    assert declined.status_code == 402
    assert 'role="alert">Your card has insufficient funds.' in declined.text
    known = server.event_types()
    paid = requests.post(f"{url}/pay", CARD, timeout=9)
    assert (paid.status_code, paid.url) == (200, url)
    assert "<form" not in paid.text
    after = server.get(f"/v1/invoices/{invoice['id']}")
    assert (after["status"], after["amount_remaining"]) == ("paid", 0)
    details = after["parent"]["subscription_details"]
    assert server.get(f"/v1/subscriptions/{details['subscription']}")["status"] == "active"
    happened = server.event_types_since(known)
    assert happened[0] == "payment_method.attached"
    assert {"charge.succeeded", "invoice.paid", "customer.subscription.updated"} <= set(happened)
    again = requests.post(f"{url}/pay", CARD, timeout=9)
    assert (again.status_code, again.url) == (200, url)
    assert len(server.get("/v1/charges", customer=invoice["customer"])["data"]) == 4


@pytest.mark.parametrize(("result", "status"), [("complete", "paid"), ("fail", "open")])
def test_the_bank_s_question_is_answered_first(
    server: SandboxServer, invoice: Any, result: str, status: str
) -> None:
    url = invoice["hosted_invoice_url"]
    asked = requests.post(f"{url}/pay", {**CARD, "number": "4000002760003184"}, timeout=9)
    found = re.search(r'name="payment_intent" value="(\w+)"', asked.text)
    assert found
    wrong = requests.post(
        f"{url}/authenticate", {"payment_intent": "pm_none", "result": result}, timeout=9
    )
    assert wrong.status_code == 404
    given = {"payment_intent": found[1], "result": result}
    answer = requests.post(f"{url}/authenticate", given, timeout=9)
    assert answer.status_code == (200 if status == "paid" else 402)
    assert server.get(f"/v1/invoices/{invoice['id']}")["status"] == status


def test_pages_of_other_sites_cannot_pay(server: SandboxServer, invoice: Any) -> None:
    url = f"{invoice['hosted_invoice_url']}/pay"
    headers = {"Origin": "https://evil.example"}
    answer = requests.post(url, CARD, headers=headers, timeout=9)
    assert answer.status_code == 403
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert server.get(f"/v1/invoices/{invoice['id']}")["status"] == "open"
