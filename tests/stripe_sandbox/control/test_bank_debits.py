"""Payments by US bank account: complete at once, paid or failed later."""

from __future__ import annotations

from typing import Any

import pytest

from stripe_sandbox.bank_accounts import TEST_BANK_ACCOUNTS
from tests.stripe_sandbox.conftest import Box, refused, wait_until
from tests.stripe_sandbox.schema.stripe_types import assert_fits

GOOD, BAD = "000123456789", "000111111116"


def _events(box: Box, ids: list[str]) -> list[dict[str, Any]]:
    found = [box.get(f"/v1/events/{event}") for event in ids]
    assert_fits(*found)
    return found


def _types(box: Box, ids: list[str]) -> list[str]:
    return [event["type"] for event in _events(box, ids)]


def _pay(box: Box, session: str, account: str = GOOD, **other: Any) -> dict[str, Any]:
    answer: dict[str, Any] = box.control(
        "POST", f"sessions/{session}/pay", {"bank_account": account, **other}
    )
    return answer


def _advance(box: Box, seconds: float) -> list[str]:
    ids: list[str] = box.control("POST", "clock", {"advance_seconds": seconds})["events"]
    return ids


def test_a_debit_completes_the_session_unpaid(box: Box) -> None:
    """The session is complete and unpaid, its payment processing, its charge pending."""
    session = box.create()
    answer = _pay(box, session.id)
    assert (answer["outcome"], answer["status"], answer["payment_status"]) == (
        "processing", "complete", "unpaid",
    )  # fmt: skip
    assert _types(box, answer["events"]) == [
        "payment_intent.created",
        "charge.pending",
        "payment_intent.processing",
        "checkout.session.completed",
    ]
    completed = _events(box, answer["events"])[-1]["data"]["object"]
    assert (completed["payment_status"], completed["status"]) == ("unpaid", "complete")
    shown = box.get(
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


def test_a_debit_that_arrives(box: Box) -> None:
    """At its due time, not before, the payment succeeds and the session is paid."""
    session = box.create()
    _pay(box, session.id)
    assert _advance(box, 19) == []
    made = _advance(box, 1)
    assert _types(box, made) == [
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.async_payment_succeeded",
    ]
    last = _events(box, made)[-1]
    assert last["data"]["object"]["payment_status"] == "paid"
    assert last["created"] == box.control("GET", "state")["clock"]["now"]
    paid = box.get(
        f"/v1/checkout/sessions/{session.id}", **{"expand[0]": "payment_intent.latest_charge"}
    )
    assert_fits(paid)
    assert (paid["status"], paid["payment_status"]) == ("complete", "paid")
    assert paid["payment_intent"]["amount_received"] == 297
    assert paid["payment_intent"]["latest_charge"]["status"] == "succeeded"


@pytest.mark.parametrize(
    "account", [one for one in TEST_BANK_ACCOUNTS if one.refusal], ids=lambda one: one.label
)
def test_a_debit_that_is_returned(box: Box, account: Any) -> None:
    """Each failing account gives its code; the session stays complete and unpaid."""
    session = box.create()
    _pay(box, session.id, account.number, settles_in_seconds=86_400)
    assert _advance(box, 86_399) == []
    made = _advance(box, 1)
    assert _types(box, made) == [
        "charge.failed",
        "payment_intent.payment_failed",
        "checkout.session.async_payment_failed",
    ]
    charge, intent, after = (event["data"]["object"] for event in _events(box, made))
    assert (charge["status"], charge["failure_code"]) == ("failed", account.refusal.code)
    assert (charge["paid"], charge["captured"]) == (False, False)
    assert intent["status"] == "requires_payment_method"
    assert intent["last_payment_error"]["code"] == account.refusal.code
    assert (after["status"], after["payment_status"]) == ("complete", "unpaid")


def test_time_alone_settles_it(box: Box) -> None:
    """Nobody has to move the clock: when the time has come, the background work does it."""
    session = box.create()
    _pay(box, session.id)
    box.clock.advance(20)
    wait_until(
        lambda: box.stripe.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
    )


@pytest.mark.parametrize(("account", "paid"), [(GOOD, True), (BAD, False)])
def test_a_subscription_by_debit(box: Box, account: str, paid: bool) -> None:
    """Active while the bank is asked, its invoice open; then paid and active, or past due."""
    session = box.subscribe()
    answer = _pay(box, session.id, account)
    assert _types(box, answer["events"]) == [
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
    shown = box.get(path, **expand)
    assert_fits(shown)
    assert (shown["subscription"]["status"], shown["invoice"]["status"]) == ("active", "open")
    assert shown["invoice"]["payments"]["data"][0]["status"] == "open"
    made = _types(box, _advance(box, 20))
    shown = box.get(path, **expand)
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


def test_only_dollars_are_debited(box: Box) -> None:
    """A session in another currency, or one that allows only cards, is refused, still open."""
    euros = {"currency": "eur", "unit_amount": 500, "product_data": {"name": "Tea"}}
    sessions = (
        box.create(line_items=[{"price_data": euros, "quantity": 1}]),
        box.create(allowed_payment_method_types=["card"]),
    )
    for session in sessions:
        assert session.payment_method_types == ["card"]
        body = {"bank_account": GOOD}
        refusal = box.control("POST", f"sessions/{session.id}/pay", body, status=400)
        assert refusal["error"]["param"] == "bank_account"
        assert box.stripe.v1.checkout.sessions.retrieve(session.id).status == "open"


def test_an_account_that_is_no_test_account_is_refused(box: Box) -> None:
    """By name; and so are both a card and an account."""
    session = box.create()
    for body in (
        {"bank_account": "000999999991"},
        {"bank_account": GOOD, "card": "4242424242424242"},
        {"bank_account": GOOD, "settles_in_seconds": -1},
    ):
        box.control("POST", f"sessions/{session.id}/pay", body, status=400)
    assert box.stripe.v1.checkout.sessions.retrieve(session.id).status == "open"


def test_where_nothing_is_due_no_bank_is_asked(box: Box) -> None:
    """A free session is complete at once, as with a card."""
    free = {"currency": "usd", "unit_amount": 0, "product_data": {"name": "Gift"}}
    session = box.create(line_items=[{"price_data": free, "quantity": 1}])
    answer = _pay(box, session.id)
    assert (answer["outcome"], answer["payment_status"]) == ("paid", "no_payment_required")
    assert _types(box, answer["events"]) == ["checkout.session.completed"]


def test_a_debited_session_is_closed(box: Box) -> None:
    """It cannot be paid again, nor expired, while the bank is asked."""
    session = box.create()
    _pay(box, session.id)
    assert _pay(box, session.id)["outcome"] == "closed"
    assert refused(lambda: box.stripe.v1.checkout.sessions.expire(session.id)).http_status == 400
    assert _advance(box, 86_400 * 2) != []
    assert box.stripe.v1.checkout.sessions.retrieve(session.id).status == "complete"
