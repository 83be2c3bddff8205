"""PaymentIntents are confirmed by a server as Stripe's guides tell: with the data of a payment
method, by hand a second time after 3-D Secure, or without anybody to pass that."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from stripe_sandbox.payments.intents.confirmation import AUTHENTICATED_FOR
from tests.stripe_sandbox.payments.intents.test_authentication import authenticate
from tests.stripe_sandbox.payments.intents.test_payment_intents import (
    PAYS,
    create,
    customer,
    events_of,
)
from tests.support.stripe.sandbox_server import SandboxServer, refused
from tests.support.stripe.stripe_types import assert_fits

ASKS = "pm_card_threeDSecureRequired"
CARD = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2040, "cvc": "123"}
BANK = {
    "type": "us_bank_account",
    "billing_details": {"name": "Ann", "email": "ann@example.com"},
    "us_bank_account": {
        "account_holder_type": "company",
        "account_number": "000123456789",
        "routing_number": "110000000",
    },
}


def pay_with(server: SandboxServer, data: Any, **params: Any) -> Any:
    """An intent that was confirmed with the data of a payment method, which is expanded."""
    given: Any = {**PAYS, **params, "payment_method_data": data, "expand": ["payment_method"]}
    del given["payment_method"]
    return server.stripe.v1.payment_intents.create(given).to_dict()


@pytest.mark.parametrize("card", [CARD, {"token": "tok_visa"}])
def test_a_method_s_data_pays(shared_server: SandboxServer, card: Any) -> None:
    """The new method is the intent's; it is saved where that is asked for."""
    owner = customer(shared_server)
    billing = {"name": "Ann", "address": {"country": "DE", "postal_code": "24103"}}
    data = {"type": "card", "card": card, "billing_details": billing, "metadata": {"a": "b"}}
    intent = pay_with(shared_server, data, customer=owner, setup_future_usage="off_session")
    method = intent["payment_method"]
    assert_fits(shared_server.get(f"/v1/payment_methods/{method['id']}"))
    assert (intent["status"], method["card"]["last4"]) == ("succeeded", "4242")
    assert (method["customer"], method["metadata"]) == (owner, {"a": "b"})
    assert method["billing_details"]["address"]["postal_code"] == "24103"


def test_a_bank_account_s_data_is_debited(shared_server: SandboxServer) -> None:
    intent = pay_with(shared_server, BANK)
    assert (intent["status"], intent["payment_method"]["type"]) == ("processing", "us_bank_account")
    charge = shared_server.get(f"/v1/charges/{intent['latest_charge']}")
    assert_fits(charge)
    account = charge["payment_method_details"]["us_bank_account"]
    assert account["account_holder_type"] == "company"


@pytest.mark.parametrize(
    ("data", "param", "code"),
    [
        ({"type": "card", "card": {**CARD, "number": "4111111111111111"}}, None, "card_declined"),
        ({"type": "card", "card": {**CARD, "exp_year": 2001}}, "exp_year", "invalid_expiry_year"),
        ({"type": "card", "card": {"number": "4242424242424242"}}, "[card][exp_month]", "missing"),
        ({"type": "card", "card": {"token": "tok_none"}}, "[card][token]", "resource_missing"),
        ({"type": "card"}, "[card]", "parameter_missing"),
        ({"type": "link"}, "[type]", "sandbox_not_simulated"),
        ({"type": "nonsense"}, "[type]", None),
        ({**BANK, "billing_details": {}}, "[billing_details][name]", "parameter_missing"),
        (
            {**BANK, "us_bank_account": {**BANK["us_bank_account"], "account_number": "1"}},  # type: ignore[dict-item]
            "[us_bank_account][account_number]",
            "account_number_invalid",
        ),
    ],
)
def test_data_of_no_test_method_is_refused(
    shared_server: SandboxServer, data: Any, param: str | None, code: str | None
) -> None:
    """By Stripe's words, and nothing is left of the intent."""
    before = shared_server.get("/v1/payment_intents", limit=1)["data"]
    error: Any = refused(lambda: pay_with(shared_server, data))
    if param is not None and param.startswith("["):
        param = f"payment_method_data{param}"
    assert error.param == param
    assert code in (error.code, None) or code in error.code
    assert shared_server.get("/v1/payment_intents", limit=1)["data"] == before


def test_manual_confirmation_is_asked_for_again_after_3d_secure(
    shared_server: SandboxServer,
) -> None:
    intents = shared_server.stripe.v1.payment_intents
    intent = create(shared_server, payment_method=ASKS, confirmation_method="manual")
    assert (intent["status"], intent["confirmation_method"]) == ("requires_action", "manual")
    assert "redirect_status=succeeded" in authenticate(shared_server, intent, "complete")
    waiting = shared_server.get(f"/v1/payment_intents/{intent['id']}")
    assert_fits(waiting)
    assert (waiting["status"], waiting["next_action"]) == ("requires_confirmation", None)
    assert waiting["latest_charge"] is None
    paid = intents.confirm(intent["id"], {"return_url": PAYS["return_url"]}).to_dict()
    assert paid["status"] == "succeeded"
    charge = shared_server.get(f"/v1/charges/{paid['latest_charge']}")
    assert charge["payment_method_details"]["card"]["three_d_secure"]["result"] == "authenticated"
    assert events_of(shared_server, paid) == [
        "payment_intent.created",
        "payment_intent.requires_action",
        "charge.succeeded",
        "charge.updated",
        "payment_intent.succeeded",
    ]


def test_another_card_asks_again_and_an_hour_is_the_limit(shared_server: SandboxServer) -> None:
    intents = shared_server.stripe.v1.payment_intents
    intent = create(shared_server, payment_method=ASKS, confirmation_method="manual")
    authenticate(shared_server, intent, "complete")
    again: Any = {"payment_method": ASKS, "return_url": PAYS["return_url"]}
    assert intents.confirm(intent["id"], again).status == "requires_action"
    authenticate(shared_server, intents.retrieve(intent["id"]).to_dict(), "complete")
    shared_server.advance(AUTHENTICATED_FOR + 1)
    late = shared_server.get(f"/v1/payment_intents/{intent['id']}")
    assert (late["status"], late["payment_method"]) == ("requires_payment_method", None)


def test_a_payment_that_may_not_ask_fails_where_3d_secure_is_needed(
    shared_server: SandboxServer,
) -> None:
    refusal: Any = refused(
        lambda: create(shared_server, payment_method=ASKS, error_on_requires_action=True)
    )
    error = refusal.json_body["error"]
    assert (refusal.http_status, error["code"], error["decline_code"]) == (
        402,
        "authentication_required",
        "authentication_not_handled",
    )
    intent = error["payment_intent"]
    assert_fits(intent)
    assert (intent["status"], intent["latest_charge"]) == ("requires_payment_method", None)
    assert intent["last_payment_error"]["decline_code"] == "authentication_not_handled"
    assert "charge" not in error
    paid = create(shared_server, error_on_requires_action=True)
    assert paid["status"] == "succeeded"
    early = refused(
        lambda: create(shared_server, confirm=False, error_on_requires_action=True, return_url=None)
    )
    assert "can only be used with `confirm=true`" in str(early)


def test_stripe_s_script_is_led_to_the_same_page(shared_server: SandboxServer) -> None:
    """With `use_stripe_sdk`, or without a page to return to; a program may open it too."""
    intent = create(shared_server, payment_method=ASKS, use_stripe_sdk=True)
    assert intent["next_action"]["type"] == "use_stripe_sdk"
    url = intent["next_action"]["use_stripe_sdk"]["stripe_js"]
    assert requests.get(url, timeout=10).status_code == 200
    given = {"client_secret": intent["client_secret"], "result": "complete"}
    done = requests.post(url.partition("?")[0], data=given, timeout=10)
    assert "You can close this page." in done.text
    assert shared_server.get(f"/v1/payment_intents/{intent['id']}")["status"] == "succeeded"


@pytest.mark.parametrize("kind", ["payment_intents", "setup_intents"])
def test_payment_method_types_have_an_error_of_their_own(
    shared_server: SandboxServer, kind: str
) -> None:
    """Since they can be written no more; an older version's request still may."""
    given = {"amount": 900, "currency": "usd"} if kind == "payment_intents" else {}
    made = shared_server.post(f"/v1/{kind}", given).json()["id"]
    types = {"payment_method_types[0]": "card"}
    for path, params in ((f"/v1/{kind}", {**given, **types}), (f"/v1/{kind}/{made}", types)):
        error = shared_server.post(path, params).json()["error"]
        assert (error["code"], error["param"]) == (
            "payment_method_types_no_longer_supported",
            "payment_method_types",
        )
        older = shared_server.post(path, params, **{"Stripe-Version": "2026-06-24.dahlia"})
        assert older.json()["payment_method_types"] == ["card"]


@pytest.mark.parametrize(
    ("usage", "of_cards", "is_saved"),
    [(None, "off_session", True), ("off_session", "none", False)],
)
def test_what_is_said_of_cards_counts_first(
    shared_server: SandboxServer, usage: str | None, of_cards: str, is_saved: bool
) -> None:
    """In `payment_method_options`: here whether the card is saved."""
    owner = customer(shared_server)
    options = {"card": {"setup_future_usage": of_cards}}
    given = {"setup_future_usage": usage} if usage else {}
    paid = create(shared_server, customer=owner, payment_method_options=options, **given)
    assert_fits(shared_server.get(f"/v1/payment_intents/{paid['id']}"))
    assert paid["payment_method_options"]["card"]["setup_future_usage"] == of_cards
    assert bool(shared_server.get("/v1/payment_methods", customer=owner)["data"]) == is_saved


def test_options_of_cards_are_changed_one_by_one(shared_server: SandboxServer) -> None:
    """What an update does not name stays; an empty value unsets."""
    intents = shared_server.stripe.v1.payment_intents
    given: Any = {
        "amount": 900,
        "currency": "usd",
        "payment_method_options": {
            "card": {"capture_method": "manual", "setup_future_usage": "on_session"}
        },
    }
    made = intents.create(given).to_dict()
    unset: Any = {"payment_method_options": {"card": {"capture_method": ""}}}
    card = intents.update(made["id"], unset).to_dict()["payment_method_options"]["card"]
    assert "capture_method" not in card
    assert card["setup_future_usage"] == "on_session"
    assert_fits(shared_server.get(f"/v1/payment_intents/{made['id']}"))
