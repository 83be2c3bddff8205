"""Payments by US bank account: complete at once, paid or failed later."""

from __future__ import annotations

from typing import Any

import pytest

from stripe_sandbox.payment_methods.bank_accounts import TEST_BANK_ACCOUNTS
from tests.support.stripe.sandbox_server import SandboxServer, refused, types
from tests.support.stripe.stripe_types import assert_fits
from tests.support.waiting import wait_for

GOOD, BAD = "000123456789", "000111111116"


def _pay(server: SandboxServer, session: str, account: str = GOOD, **other: Any) -> dict[str, Any]:
    answer: dict[str, Any] = server.control(
        "POST", f"sessions/{session}/pay", {"bank_account": account, **other}
    )
    return answer


def test_a_debit_completes_the_session_unpaid(server: SandboxServer) -> None:
    """The session is complete and unpaid, its payment processing, its charge pending."""
    session = server.create()
    answer = _pay(server, session.id)
    assert (answer["outcome"], answer["status"], answer["payment_status"]) == (
        "processing", "complete", "unpaid",
    )  # fmt: skip
    assert types(server.events(answer["events"])) == [
        "payment_intent.created",
        "charge.pending",
        "payment_intent.processing",
        "checkout.session.completed",
    ]
    completed = server.events(answer["events"])[-1]["data"]["object"]
    assert (completed["payment_status"], completed["status"]) == ("unpaid", "complete")
    shown = server.get(
        f"/v1/checkout/sessions/{session.id}",
        **{
            "expand[0]": "payment_intent.latest_charge",
            "expand[1]": "payment_intent.payment_method",
        },
    )
    assert_fits(shown)
    intent = shown["payment_intent"]
    assert (intent["status"], intent["amount_received"]) == ("processing", 0)
    assert (intent["latest_charge"]["status"], intent["latest_charge"]["paid"]) == (
        "pending",
        False,
    )
    assert intent["payment_method"]["us_bank_account"]["last4"] == GOOD[-4:]


def test_a_debit_that_arrives(server: SandboxServer) -> None:
    """At its due time, not before, the payment succeeds and the session is paid."""
    session = server.create()
    _pay(server, session.id)
    assert server.advance(19) == []
    made = server.advance(1)
    assert types(made) == [
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.async_payment_succeeded",
    ]
    last = made[-1]
    assert last["data"]["object"]["payment_status"] == "paid"
    assert last["created"] == server.control("GET", "state")["clock"]["now"]
    paid = server.get(
        f"/v1/checkout/sessions/{session.id}", **{"expand[0]": "payment_intent.latest_charge"}
    )
    assert_fits(paid)
    assert (paid["status"], paid["payment_status"]) == ("complete", "paid")
    assert paid["payment_intent"]["amount_received"] == 297
    assert paid["payment_intent"]["latest_charge"]["status"] == "succeeded"


@pytest.mark.parametrize(
    "account", [one for one in TEST_BANK_ACCOUNTS if one.refusal], ids=lambda one: one.label
)
def test_a_debit_that_is_returned(server: SandboxServer, account: Any) -> None:
    """Each failing account gives its code; the session stays complete and unpaid."""
    session = server.create()
    _pay(server, session.id, account.number, settles_in_seconds=86_400)
    assert server.advance(86_399) == []
    made = server.advance(1)
    assert types(made) == [
        "charge.failed",
        "payment_intent.payment_failed",
        "checkout.session.async_payment_failed",
    ]
    charge, intent, after = (event["data"]["object"] for event in made)
    assert (charge["status"], charge["failure_code"]) == ("failed", account.refusal.code)
    assert (charge["paid"], charge["captured"]) == (False, False)
    assert intent["status"] == "requires_payment_method"
    assert intent["last_payment_error"]["code"] == account.refusal.code
    assert (after["status"], after["payment_status"]) == ("complete", "unpaid")


def test_time_alone_decides_it(server: SandboxServer) -> None:
    """Nobody has to move the clock: when the time has come, the background work does it."""
    session = server.create()
    _pay(server, session.id)
    server.clock.advance(20)
    wait_for(
        lambda: server.stripe.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
    )


@pytest.mark.parametrize(("account", "paid"), [(GOOD, True), (BAD, False)])
def test_a_subscription_by_debit(server: SandboxServer, account: str, paid: bool) -> None:
    """Active while the bank is asked, its invoice open; then paid and active, or past due."""
    session = server.subscribe()
    answer = _pay(server, session.id, account)
    assert types(server.events(answer["events"])) == [
        "payment_intent.created",
        "customer.created",
        "payment_method.attached",
        "customer.subscription.created",
        "invoice.created",
        "invoice.finalized",
        "charge.pending",
        "payment_intent.processing",
        "checkout.session.completed",
        "customer.subscription.updated",
    ]
    path = f"/v1/checkout/sessions/{session.id}"
    expand = {"expand[0]": "subscription", "expand[1]": "invoice.payments", "expand[2]": "customer"}
    shown = server.get(path, **expand)
    assert_fits(shown)
    assert (shown["subscription"]["status"], shown["invoice"]["status"]) == ("active", "open")
    assert shown["invoice"]["payments"]["data"][0]["status"] == "open"
    made = types(server.advance(20))
    shown = server.get(path, **expand)
    assert_fits(shown)
    if paid:
        assert made == [
            "charge.succeeded",
            "payment_intent.succeeded",
            "invoice.updated",
            "invoice.paid",
            "invoice.payment_succeeded",
            "invoice_payment.paid",
            "checkout.session.async_payment_succeeded",
        ]
        assert (shown["subscription"]["status"], shown["invoice"]["status"]) == ("active", "paid")
    else:
        assert made == [
            "charge.failed",
            "payment_intent.payment_failed",
            "invoice.updated",
            "invoice.payment_failed",
            "customer.updated",
            "customer.subscription.updated",
            "checkout.session.async_payment_failed",
        ]
        assert (shown["subscription"]["status"], shown["invoice"]["status"]) == ("past_due", "open")
        assert shown["customer"]["delinquent"] is True
    assert shown["payment_status"] == ("paid" if paid else "unpaid")


def test_only_dollars_are_debited(server: SandboxServer) -> None:
    """A session in another currency, or one that allows only cards, is refused, still open."""
    euros = {"currency": "eur", "unit_amount": 500, "product_data": {"name": "Tea"}}
    sessions = (
        server.create(line_items=[{"price_data": euros, "quantity": 1}]),
        server.create(allowed_payment_method_types=["card"]),
    )
    for session in sessions:
        assert session.payment_method_types == ["card"]
        body = {"bank_account": GOOD}
        refusal = server.control("POST", f"sessions/{session.id}/pay", body, status=400)
        assert refusal["error"]["param"] == "bank_account"
        assert server.stripe.v1.checkout.sessions.retrieve(session.id).status == "open"


def test_an_account_that_is_no_test_account_is_refused(server: SandboxServer) -> None:
    """By name; and so are both a card and an account."""
    session = server.create()
    for body in (
        {"bank_account": "000999999991"},
        {"bank_account": GOOD, "card": "4242424242424242"},
        {"bank_account": GOOD, "settles_in_seconds": -1},
    ):
        server.control("POST", f"sessions/{session.id}/pay", body, status=400)
    assert server.stripe.v1.checkout.sessions.retrieve(session.id).status == "open"


def test_where_nothing_is_due_no_bank_is_asked(server: SandboxServer) -> None:
    """A free session is complete at once, as with a card."""
    free = {"currency": "usd", "unit_amount": 0, "product_data": {"name": "Gift"}}
    session = server.create(line_items=[{"price_data": free, "quantity": 1}])
    answer = _pay(server, session.id)
    assert (answer["outcome"], answer["payment_status"]) == ("paid", "no_payment_required")
    events = ["customer.created", "checkout.session.completed"]
    assert types(server.events(answer["events"])) == events


def test_a_debited_session_is_closed(server: SandboxServer) -> None:
    """It cannot be paid again, nor expired, while the bank is asked."""
    session = server.create()
    _pay(server, session.id)
    assert _pay(server, session.id)["outcome"] == "closed"
    assert refused(lambda: server.stripe.v1.checkout.sessions.expire(session.id)).http_status == 400
    assert server.advance(86_400 * 2) != []
    assert server.stripe.v1.checkout.sessions.retrieve(session.id).status == "complete"
