"""Names and addresses are taken out of Stripe's objects; what the product reads stays."""

from __future__ import annotations

from typing import Any

from billing.domain.erasure import anonymize, anonymize_text, ids_in

ADDRESS = {"line1": "Main Street 1", "city": "Berlin", "country": "DE"}
SESSION: dict[str, Any] = {
    "id": "cs_test_1",
    "object": "checkout.session",
    "customer": {"id": "cus_1", "object": "customer", "description": "Jo", "email": "jo@x.example"},
    "customer_details": {"email": "jo@x.example", "name": "Jo", "address": ADDRESS},
    "metadata": {"app": "billing-dashboard", "kind": "pro", "label": "for Jo", "made_by": "a@b.c"},
    "success_url": "https://app.example/?for=jo@x.example&session_id=1",
    "payment_intent": "pi_1",
    "amount_total": 9900,
    "custom_fields": [{"text": {"value": "Jo"}}],
}


def test_a_session_is_left_with_ids_amounts_and_what_this_app_wrote() -> None:
    assert anonymize(SESSION) == SESSION | {
        "customer": {"id": "cus_1", "object": "customer", "description": None, "email": None},
        "customer_details": {"email": None, "name": None, "address": dict.fromkeys(ADDRESS)},
        "metadata": {"app": "billing-dashboard", "kind": "pro", "made_by": "[erased]"},
        "success_url": "https://app.example/?for=[erased]&session_id=1",
        "custom_fields": [],
    }
    assert anonymize(anonymize(SESSION)) == anonymize(SESSION)
    assert ids_in(SESSION) == {"cs_test_1", "cus_1", "pi_1"}


def test_evidence_and_who_paid_an_invoice_go() -> None:
    dispute = {"object": "dispute", "evidence": {"customer_name": "Jo", "billing_address": "Main"}}
    assert anonymize(dispute)["evidence"] == {"customer_name": None, "billing_address": None}
    invoice = {"customer_name": "Jo", "customer_address": ADDRESS, "account_name": "Shop"}
    assert anonymize(invoice) == {
        "customer_name": None,
        "customer_address": dict.fromkeys(ADDRESS),
        "account_name": "Shop",
    }


def test_what_is_sold_keeps_its_name() -> None:
    item = {"price": {"object": "price", "product": {"object": "product", "name": "Pro plan"}}}
    assert anonymize(item) == item


def test_emails_go_from_any_text() -> None:
    assert anonymize_text("No such customer: <Jo.Doe+1@X.example>, sorry") == (
        "No such customer: <[erased]>, sorry"
    )
    assert anonymize_text("https://x.example/?a=jo%40x.example") == "https://x.example/?a=[erased]"
