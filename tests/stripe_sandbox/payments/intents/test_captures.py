"""What a PaymentIntent holds is captured, in part too, or released."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.resources.payments.charges import AUTHORIZED_FOR
from tests.stripe_sandbox.payments.intents.test_payment_intents import create, events_of
from tests.support.stripe.sandbox_server import SandboxServer, refused
from tests.support.stripe.stripe_types import assert_fits


def held(server: SandboxServer, **params: Any) -> Any:
    """An intent that holds 20 dollars."""
    intent = create(server, capture_method="manual", **params)
    assert_fits(intent)
    assert (intent["status"], intent["amount_capturable"]) == ("requires_capture", 2_000)
    return intent


def charge_of(server: SandboxServer, intent: Any) -> Any:
    charge = server.get(f"/v1/charges/{intent['latest_charge']}")
    assert_fits(charge)
    return charge


def test_the_whole_amount_is_captured(shared_server: SandboxServer) -> None:
    intent = held(shared_server)
    charge = charge_of(shared_server, intent)
    assert (charge["status"], charge["captured"], charge["amount_captured"]) == (
        "succeeded",
        False,
        0,
    )
    assert charge["balance_transaction"] is None
    until = charge["payment_method_details"]["card"]["capture_before"]
    assert until == charge["created"] + AUTHORIZED_FOR
    done = shared_server.stripe.v1.payment_intents.capture(intent["id"])
    assert (done.status, done.amount_received, done.amount_capturable) == ("succeeded", 2_000, 0)
    captured = charge_of(shared_server, intent)
    assert captured["balance_transaction"]
    assert "capture_before" not in captured["payment_method_details"]["card"]
    assert events_of(shared_server, intent) == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.amount_capturable_updated",
        "charge.captured",
        "payment_intent.succeeded",
    ]
    again = refused(lambda: shared_server.stripe.v1.payment_intents.capture(intent["id"]))
    assert "already been captured" in str(again)


def test_of_a_part_the_rest_is_released(shared_server: SandboxServer) -> None:
    intents, intent = shared_server.stripe.v1.payment_intents, held(shared_server)
    more: Any = refused(lambda: intents.capture(intent["id"], {"amount_to_capture": 2_001}))
    assert (more.param, more.code) == ("amount_to_capture", "amount_too_large")
    done = intents.capture(intent["id"], {"amount_to_capture": 700})
    assert (done.amount, done.amount_received) == (2_000, 700)
    charge = charge_of(shared_server, intent)
    assert (charge["amount_captured"], charge["amount_refunded"]) == (700, 1_300)
    assert charge["refunded"] is False
    moved = shared_server.get(f"/v1/balance_transactions/{charge['balance_transaction']}")
    assert moved["amount"] == 700
    shared_server.stripe.v1.refunds.create({"payment_intent": intent["id"]})
    assert charge_of(shared_server, intent)["refunded"] is True


def test_a_canceled_one_releases_what_it_holds(shared_server: SandboxServer) -> None:
    intents, intent = shared_server.stripe.v1.payment_intents, held(shared_server)
    early = refused(
        lambda: shared_server.stripe.v1.refunds.create({"charge": intent["latest_charge"]})
    )
    assert str(early).endswith("You must cancel the PaymentIntent directly.")
    waiting = refused(lambda: intents.confirm(intent["id"]))
    assert waiting.code == "payment_intent_unexpected_state"
    done = intents.cancel(intent["id"], {"cancellation_reason": "requested_by_customer"})
    assert (done.status, done.cancellation_reason) == ("canceled", "requested_by_customer")
    charge = charge_of(shared_server, intent)
    assert (charge["refunded"], charge["captured"]) == (True, False)
    assert events_of(shared_server, intent)[-2:] == ["charge.refunded", "payment_intent.canceled"]
    for late in ("cancel", "capture", "confirm"):
        answer = shared_server.post(f"/v1/payment_intents/{intent['id']}/{late}")
        error = answer.json()["error"]
        assert error["code"] == "payment_intent_unexpected_state"
        assert error["payment_intent"]["status"] == "canceled"


def test_what_nobody_captures_is_released_after_a_week(shared_server: SandboxServer) -> None:
    intent = held(shared_server)
    shared_server.advance(AUTHORIZED_FOR + 60)
    now = shared_server.get(f"/v1/payment_intents/{intent['id']}")
    assert (now["status"], now["cancellation_reason"]) == ("canceled", "automatic")
    assert events_of(shared_server, intent)[-2:] == ["charge.expired", "payment_intent.canceled"]


def test_one_without_a_payment_is_canceled(shared_server: SandboxServer) -> None:
    intents = shared_server.stripe.v1.payment_intents
    made = intents.create({"amount": 500, "currency": "usd"})
    early = refused(lambda: intents.capture(made.id))
    assert "has a status of requires_payment_method. Only a PaymentIntent with" in str(early)
    assert intents.cancel(made.id).canceled_at


def test_of_cards_alone_the_money_is_held_where_their_options_say_so(
    shared_server: SandboxServer,
) -> None:
    """A card that is charged is to be captured, a bank account is debited as ever."""
    options = {"card": {"capture_method": "manual"}}
    intent = create(shared_server, payment_method_options=options)
    assert (intent["status"], intent["capture_method"]) == ("requires_capture", "automatic_async")
    assert charge_of(shared_server, intent)["captured"] is False
    done = shared_server.stripe.v1.payment_intents.capture(intent["id"])
    assert (done.status, done.amount_received) == ("succeeded", 2_000)
    debited = create(
        shared_server, payment_method="pm_usBankAccount_success", payment_method_options=options
    )
    assert debited["status"] == "processing"
