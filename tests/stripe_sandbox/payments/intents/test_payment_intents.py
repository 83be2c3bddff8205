"""PaymentIntents are created, confirmed and declined by API."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.stripe.sandbox_server import SandboxServer, refused
from tests.support.stripe.stripe_types import assert_fits

PAYS: Any = {
    "amount": 2_000,
    "currency": "usd",
    "payment_method": "pm_card_visa",
    "confirm": True,
    "return_url": "http://shop.example/",
}


def customer(server: SandboxServer) -> str:
    return server.stripe.v1.customers.create({"email": "ann@example.com"}).id


def create(server: SandboxServer, **params: Any) -> Any:
    given: Any = {**PAYS, **params}
    return server.stripe.v1.payment_intents.create(given).to_dict()


def events_of(server: SandboxServer, intent: dict[str, Any]) -> list[str]:
    """The types of the events about the intent and its charges, in order."""
    about = {intent["id"], intent["latest_charge"]}
    found = server.get("/v1/events", limit=20)["data"]
    for event in found:
        assert_fits(event)
    return [one["type"] for one in reversed(found) if one["data"]["object"].get("id") in about]


def test_a_card_pays_at_once(shared_server: SandboxServer) -> None:
    intent = create(
        shared_server,
        description="Tea",
        metadata={"order": "7"},
        receipt_email="ann@example.com",
        statement_descriptor_suffix="TEA",
    )
    assert_fits(shared_server.get(f"/v1/payment_intents/{intent['id']}"))
    assert (intent["status"], intent["amount_received"]) == ("succeeded", 2_000)
    charge = shared_server.get(f"/v1/charges/{intent['latest_charge']}")
    assert_fits(charge)
    assert (charge["description"], charge["metadata"]) == ("Tea", {"order": "7"})
    assert charge["calculated_statement_descriptor"] == "LOCAL SANDBOX* TEA"
    assert charge["balance_transaction"]
    assert events_of(shared_server, intent) == [
        "payment_intent.created",
        "charge.succeeded",
        "charge.updated",
        "payment_intent.succeeded",
    ]


def test_it_is_confirmed_later_and_only_once(shared_server: SandboxServer) -> None:
    intents = shared_server.stripe.v1.payment_intents
    made = intents.create({"amount": 500, "currency": "eur", "capture_method": "automatic"})
    assert (made.status, made.payment_method_types) == ("requires_payment_method", ["card"])
    missing = refused(lambda: intents.confirm(made.id))
    assert (missing.code, "missing a payment method" in str(missing)) == (
        "payment_intent_unexpected_state",
        True,
    )
    chosen = intents.update(made.id, {"payment_method": "pm_card_mastercard", "amount": 700})
    assert chosen.status == "requires_confirmation"
    assert "return_url" in str(refused(lambda: intents.confirm(made.id)))
    paid = intents.confirm(made.id, {"return_url": "http://shop.example/"})
    assert (paid.status, paid.amount_received) == ("succeeded", 700)
    assert events_of(shared_server, paid.to_dict()) == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
    ]
    again = refused(lambda: intents.confirm(made.id))
    assert "it has already succeeded after being previously confirmed." in str(again)
    assert again.error is not None
    assert again.error.payment_intent is not None
    assert again.error.payment_intent.id == made.id
    late = refused(lambda: intents.update(made.id, {"amount": 800}))
    assert "amount could not be updated because it has a status of succeeded" in str(late)
    assert intents.update(made.id, {"description": "Tea"}).description == "Tea"


@pytest.mark.parametrize(
    ("name", "code", "decline_code"),
    [
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("pm_card_radarBlock", "card_declined", "fraudulent"),
        ("pm_card_chargeCustomerFail", "card_declined", "generic_decline"),
    ],
)
def test_a_decline_has_the_whole_intent_in_its_error(
    shared_server: SandboxServer, name: str, code: str, decline_code: str
) -> None:
    refusal: Any = refused(lambda: create(shared_server, payment_method=name))
    error = refusal.json_body["error"]
    intent = error["payment_intent"]
    assert_fits(intent)
    assert_fits(error["payment_method"])
    assert (error["type"], error["code"], error["decline_code"]) == (
        "card_error",
        code,
        decline_code,
    )
    assert error["charge"] == intent["latest_charge"] == intent["last_payment_error"]["charge"]
    assert (intent["status"], intent["payment_method"]) == ("requires_payment_method", None)
    assert intent == shared_server.get(f"/v1/payment_intents/{intent['id']}")
    assert shared_server.get(f"/v1/charges/{error['charge']}")["status"] == "failed"
    assert events_of(shared_server, intent) == [
        "payment_intent.created",
        "charge.failed",
        "payment_intent.payment_failed",
    ]
    again = shared_server.stripe.v1.payment_intents.confirm(
        intent["id"], {"payment_method": "pm_card_visa", "return_url": "http://shop.example/"}
    )
    assert again.status == "succeeded"


@pytest.mark.parametrize(
    ("given", "param", "code"),
    [
        ({"amount": 0}, "amount", "parameter_invalid_integer"),
        ({"amount": 49}, "amount", "amount_too_small"),
        ({"amount": 100_000_000}, "amount", "amount_too_large"),
        ({"currency": "xxx"}, "currency", None),
        ({"customer": "cus_none"}, "customer", "resource_missing"),
        ({"payment_method": "pm_none"}, "payment_method", "resource_missing"),
        ({"confirm": False}, "return_url", None),
        ({"return_url": "shop"}, "return_url", "url_invalid"),
        ({"receipt_email": "ann"}, "receipt_email", "email_invalid"),
        (
            {"allowed_payment_method_types": ["us_bank_account"]},
            "payment_method",
            "payment_intent_incompatible_payment_method",
        ),
        (
            {"currency": "eur", "allowed_payment_method_types": ["us_bank_account"]},
            None,
            None,
        ),
        ({"excluded_payment_method_types": ["card", "us_bank_account"]}, None, None),
        (
            {"excluded_payment_method_types": ["card", "klarna"]},
            "payment_method",
            "payment_intent_incompatible_payment_method",
        ),
        (
            {"allowed_payment_method_types": ["ideal"]},
            "allowed_payment_method_types[0]",
            "sandbox_not_simulated",
        ),
        ({"confirmation_token": "ctoken_1"}, "confirmation_token", "sandbox_not_simulated"),
        ({"setup_future_usage": "on_session", "off_session": True}, "off_session", None),
        (
            {"payment_method_data": {"type": "card", "card": {"token": "tok_visa"}}},
            "payment_method",
            "parameters_exclusive",
        ),
    ],
)
def test_what_does_not_go_is_refused(
    shared_server: SandboxServer, given: Any, param: str | None, code: str | None
) -> None:
    before = shared_server.get("/v1/payment_intents", limit=1)["data"]
    error: Any = refused(lambda: create(shared_server, **given))
    assert (error.param, error.code) == (param, code)
    assert shared_server.get("/v1/payment_intents", limit=1)["data"] == before


def test_a_card_is_saved_for_later_and_used_once_otherwise(shared_server: SandboxServer) -> None:
    owner = customer(shared_server)
    intent = create(shared_server, customer=owner, setup_future_usage="off_session")
    [saved] = shared_server.get("/v1/payment_methods", customer=owner)["data"]
    assert saved["id"] == intent["payment_method"]
    again = create(shared_server, customer=owner, payment_method=saved["id"], off_session=True)
    assert (again["status"], again["customer"]) == ("succeeded", owner)
    anybody = refused(lambda: create(shared_server, payment_method=saved["id"]))
    assert "you must provide the customer" in str(anybody)
    other = customer(shared_server)
    stranger = refused(lambda: create(shared_server, customer=other, payment_method=saved["id"]))
    assert "another customer" in str(stranger)
    once = create(shared_server)["payment_method"]
    assert "It may not be used again." in str(
        refused(lambda: create(shared_server, payment_method=once))
    )
    assert "It may not be used again." in str(
        refused(lambda: shared_server.stripe.v1.payment_methods.attach(once, {"customer": owner}))
    )


def test_a_bank_debit_is_processing_first(shared_server: SandboxServer) -> None:
    paid, failed = (
        create(shared_server, payment_method=f"pm_usBankAccount_{name}")
        for name in ("success", "noAccount")
    )
    assert (paid["status"], failed["status"]) == ("processing", "processing")
    assert events_of(shared_server, paid)[1:] == ["charge.pending", "payment_intent.processing"]
    shared_server.advance(60)
    for intent, status in ((paid, "succeeded"), (failed, "requires_payment_method")):
        now = shared_server.get(f"/v1/payment_intents/{intent['id']}")
        assert_fits(now)
        assert now["status"] == status
    assert now["last_payment_error"]["code"] == "no_account"


def test_the_same_request_is_answered_the_same(shared_server: SandboxServer) -> None:
    """A decline is stored under its idempotency key too, as Stripe does."""
    bodies: list[Any] = []
    given: Any = {**PAYS, "payment_method": "pm_card_visa_chargeDeclined"}
    pay = shared_server.stripe.v1.payment_intents.create
    for _ in range(2):
        error = refused(lambda: pay(given, {"idempotency_key": "declined-once"}))
        bodies.append(error.json_body)
    assert bodies[0] == bodies[1]
    assert bodies[0]["error"]["payment_intent"]["id"]


@pytest.mark.parametrize("version", ["2022-11-15", "2026-06-24.dahlia"])
def test_older_versions_name_the_types_and_read_them(
    shared_server: SandboxServer, version: str
) -> None:
    """`payment_method_types` was a parameter, and no return_url is needed with it."""
    given = {"amount": 900, "currency": "usd", "confirm": "true", "payment_method": "pm_card_visa"}
    if version != "2022-11-15":
        given["payment_method_types[0]"] = "card"
    answer = shared_server.post("/v1/payment_intents", given, **{"Stripe-Version": version})
    intent = answer.json()
    assert (answer.status_code, intent["status"]) == (200, "succeeded"), intent
    assert intent["payment_method_types"] == ["card"]
    assert "allowed_payment_method_types" not in intent
    declined = shared_server.post(
        "/v1/payment_intents",
        {**given, "payment_method": "pm_card_visa_chargeDeclined"},
        **{"Stripe-Version": version},
    ).json()["error"]
    assert "allowed_payment_method_types" not in declined["payment_intent"]
