"""What a subscription owes is collected: attempts by the policy, and by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.stripe.sandbox_server import SandboxServer, refused, types
from tests.support.stripe.stripe_types import assert_fits

DAY, HOUR = 86_400, 3_600
FAILS_LATER = "4000000000000341"


def failed(server: SandboxServer, policy: Any = None) -> tuple[str, str]:
    """A subscription whose first renewal has failed, and that renewal's invoice."""
    if policy is not None:
        server.control("PUT", "billing", policy)
    made = server.paid_subscription(FAILS_LATER)
    end = made["items"]["data"][0]["current_period_end"]
    server.advance(end - server.sandbox.clock.now() + HOUR)
    return made["id"], read(server, made["id"])["latest_invoice"]


def read(server: SandboxServer, identifier: str) -> Any:
    return server.get(f"/v1/subscriptions/{identifier}")


def invoice_of(server: SandboxServer, identifier: str) -> Any:
    return server.get(f"/v1/invoices/{identifier}")


def good_card(server: SandboxServer) -> str:
    """A PaymentMethod that pays."""
    server.paid_subscription()
    return str(server.get("/v1/payment_methods", limit=1)["data"][0]["id"])


@pytest.mark.parametrize(
    ("then", "status"), [("cancel", "canceled"), ("unpaid", "unpaid"), ("past_due", "past_due")]
)
def test_after_the_last_attempt_comes_what_the_policy_says(
    server: SandboxServer, then: str, status: str
) -> None:
    identifier, invoice = failed(server, {"retry_days": [2, 4], "then": then})
    now = server.sandbox.clock.now()
    assert invoice_of(server, invoice)["next_payment_attempt"] == now + 2 * DAY
    assert "invoice.payment_failed" in types(server.advance(2 * DAY))
    assert invoice_of(server, invoice)["attempt_count"] == 2
    assert read(server, identifier)["status"] == "past_due"
    server.advance(4 * DAY)
    after = invoice_of(server, invoice)
    assert (after["attempt_count"], after["next_payment_attempt"]) == (3, None)
    assert (after["status"], read(server, identifier)["status"]) == ("open", status)
    if then == "cancel":
        reason = read(server, identifier)["cancellation_details"]["reason"]
        assert reason == "payment_failed"


def test_attempts_share_one_payment_intent(server: SandboxServer) -> None:
    _, invoice = failed(server)
    server.advance(4 * DAY)
    payments = server.get("/v1/invoice_payments", invoice=invoice)["data"]
    [intent] = {one["payment"]["payment_intent"] for one in payments}
    charges = server.get("/v1/charges", payment_intent=intent)["data"]
    assert [one["status"] for one in charges] == ["failed", "failed"]


def test_a_new_card_saves_it_at_the_next_attempt(server: SandboxServer) -> None:
    identifier, invoice = failed(server)
    card = good_card(server)
    server.stripe.v1.subscriptions.update(identifier, {"default_payment_method": card})
    server.advance(3 * DAY)
    assert invoice_of(server, invoice)["status"] == "paid"
    assert read(server, identifier)["status"] == "active"


def test_an_invoice_is_paid_by_hand(server: SandboxServer) -> None:
    identifier, invoice = failed(server)
    invoices = server.stripe.v1.invoices
    declined = refused(lambda: invoices.pay(invoice))
    assert (declined.http_status, declined.code) == (402, "card_declined")
    assert len(server.get("/v1/charges")["data"]) == 3  # the attempt stays
    assert invoice_of(server, invoice)["attempt_count"] == 1  # which counts retries
    card = good_card(server)
    paid = invoices.pay(invoice, {"payment_method": card})
    assert (paid.status, paid.attempt_count) == ("paid", 1)
    assert read(server, identifier)["status"] == "active"
    assert str(refused(lambda: invoices.pay(invoice))).endswith("Invoice is already paid")


def test_money_that_came_another_way_is_noted_without_a_charge(server: SandboxServer) -> None:
    identifier, invoice = failed(server)
    before = server.event_types()
    paid = server.stripe.v1.invoices.pay(invoice, {"paid_out_of_band": True})
    assert (paid.status, paid.amount_paid) == ("paid", 9900)
    happened = server.event_types()[len(before) :]
    assert "invoice.paid" in happened
    assert "invoice.payment_succeeded" not in happened
    assert read(server, identifier)["status"] == "active"


def test_an_invoice_that_is_voided_or_given_up_is_not_tried_again(server: SandboxServer) -> None:
    identifier, invoice = failed(server)
    assert server.stripe.v1.invoices.mark_uncollectible(invoice).status == "uncollectible"
    assert read(server, identifier)["status"] == "active"
    known = server.event_types()
    assert server.stripe.v1.invoices.void_invoice(invoice).status == "void"
    assert server.event_types_since(known) == [
        "payment_intent.canceled",
        "invoice.updated",
        "invoice.voided",
    ]
    [payment] = server.get("/v1/invoice_payments", invoice=invoice)["data"]
    assert_fits(payment)
    intent = server.get(f"/v1/payment_intents/{payment['payment']['payment_intent']}")
    assert (payment["status"], intent["status"]) == ("canceled", "canceled")
    assert intent["cancellation_reason"] == "void_invoice"
    assert "charge.failed" not in types(server.advance(20 * DAY))
    error = refused(lambda: server.stripe.v1.invoices.pay(invoice))
    assert "This invoice isn't open" in str(error)


def test_a_draft_is_finalized_and_paid_before_its_hour_is_over(server: SandboxServer) -> None:
    made = server.paid_subscription()
    server.advance(made["items"]["data"][0]["current_period_end"] - server.sandbox.clock.now())
    invoice = read(server, made["id"])["latest_invoice"]
    invoices = server.stripe.v1.invoices
    assert invoices.finalize_invoice(invoice).status == "open"
    assert "already finalized" in str(refused(lambda: invoices.finalize_invoice(invoice)))
    assert invoices.pay(invoice).status == "paid"
    assert "charge.succeeded" not in types(server.advance(2 * HOUR))


@pytest.mark.parametrize(
    "wrong", [{"retry_days": [0]}, {"retry_days": ["x"]}, {"then": "dance"}, {"days": [1]}]
)
def test_a_policy_that_is_none_is_refused_and_a_reset_forgets_it(
    shared_server: SandboxServer, wrong: Any
) -> None:
    usual = {"retry_days": [3, 5, 7], "then": "cancel"}
    shared_server.control("PUT", "billing", wrong, status=400)
    assert shared_server.control("GET", "billing") == usual
    shared_server.control("PUT", "billing", {"retry_days": [], "then": "unpaid"})
    shared_server.control("POST", "reset")
    assert shared_server.control("GET", "billing") == usual
