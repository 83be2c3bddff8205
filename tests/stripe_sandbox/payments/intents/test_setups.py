"""SetupIntents save a card without a payment."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stripe_sandbox.payments.intents.test_authentication import authenticate
from tests.support.stripe.sandbox_server import SandboxServer, refused
from tests.support.stripe.stripe_types import assert_fits

RETURN = "http://shop.example/?from=bank"
BACK: Any = {"return_url": RETURN}


def customer(server: SandboxServer) -> str:
    return server.stripe.v1.customers.create({"email": "ann@example.com"}).id


def test_a_card_is_saved_to_the_customer(server: SandboxServer) -> None:
    owner = customer(server)
    known = server.event_types()
    made = server.stripe.v1.setup_intents.create({"customer": owner})
    assert made.status == "requires_payment_method"
    given: Any = {"payment_method": "pm_card_visa", **BACK}
    server.stripe.v1.setup_intents.confirm(made.id, given)
    intent = server.get(f"/v1/setup_intents/{made.id}", **{"expand[0]": "payment_method"})
    assert_fits(intent)
    assert intent["status"] == "succeeded"
    assert (intent["payment_method"]["customer"], intent["usage"]) == (owner, "off_session")
    assert server.event_types_since(known) == [
        "setup_intent.created",
        "payment_method.attached",
        "setup_intent.succeeded",
    ]
    server.events(event.id for event in server.stripe.v1.events.list({"limit": 3}).data)
    again = refused(lambda: server.stripe.v1.setup_intents.confirm(made.id))
    assert again.code == "setup_intent_unexpected_state"


def test_it_is_created_and_confirmed_at_once(server: SandboxServer) -> None:
    made = server.stripe.v1.setup_intents.create(
        {
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            "customer": customer(server),
            "payment_method": "pm_card_mastercard",
            "confirm": True,
        }
    )
    assert made.status == "succeeded"


def test_a_card_that_is_refused_is_not_saved(server: SandboxServer) -> None:
    owner = customer(server)
    made = server.stripe.v1.setup_intents.create(
        {"customer": owner, "payment_method": "pm_card_chargeDeclined"}
    )
    assert made.status == "requires_confirmation"
    error: Any = refused(lambda: server.stripe.v1.setup_intents.confirm(made.id, BACK))
    assert (error.http_status, error.code) == (402, "card_declined")
    assert error.json_body["error"]["setup_intent"]["id"] == made.id
    intent = server.get(f"/v1/setup_intents/{made.id}")
    assert_fits(intent)
    assert intent["status"] == "requires_payment_method"
    assert intent["last_setup_error"]["decline_code"] == "generic_decline"
    assert server.event_types()[-1] == "setup_intent.setup_failed"
    assert server.get("/v1/payment_methods", customer=owner)["data"] == []


def test_without_a_page_to_return_to_stripe_s_script_asks(server: SandboxServer) -> None:
    made = server.stripe.v1.setup_intents.create(
        {
            "allowed_payment_method_types": ["card"],
            "payment_method": "pm_card_authenticationRequired",
            "confirm": True,
        }
    )
    intent = server.get(f"/v1/setup_intents/{made.id}")
    assert_fits(intent)
    assert (intent["status"], intent["next_action"]["type"]) == (
        "requires_action",
        "use_stripe_sdk",
    )


@pytest.mark.parametrize("result", ["complete", "fail"])
def test_the_bank_s_page_saves_the_card_or_does_not(server: SandboxServer, result: str) -> None:
    owner = customer(server)
    given: Any = {
        "customer": owner,
        "payment_method": "pm_card_authenticationRequired",
        "confirm": True,
        **BACK,
    }
    made = server.stripe.v1.setup_intents.create(given)
    text = authenticate(server, made.to_dict(), result)
    status = "succeeded" if result == "complete" else "failed"
    assert (
        f"http://shop.example/?from=bank&amp;setup_intent={made.id}&amp;"
        f"setup_intent_client_secret={made.client_secret}&amp;redirect_status={status}"
    ) in text
    intent = server.get(f"/v1/setup_intents/{made.id}")
    assert_fits(intent)
    saved = server.get("/v1/payment_methods", customer=owner)["data"]
    if result == "complete":
        assert (intent["status"], saved[0]["id"]) == ("succeeded", intent["payment_method"])
    else:
        assert (intent["status"], saved) == ("requires_payment_method", [])
        assert intent["last_setup_error"]["code"] == "setup_intent_authentication_failure"


def test_it_is_canceled(server: SandboxServer) -> None:
    intents = server.stripe.v1.setup_intents
    made = intents.create({"payment_method": "pm_card_visa"})
    done = intents.cancel(made.id, {"cancellation_reason": "abandoned"})
    assert (done.status, done.cancellation_reason) == ("canceled", "abandoned")
    assert server.event_types()[-1] == "setup_intent.canceled"
    error: Any = refused(lambda: intents.cancel(made.id))
    assert error.code == "setup_intent_unexpected_state"
    assert error.json_body["error"]["setup_intent"]["status"] == "canceled"


@pytest.mark.parametrize("confirms", [True, False])
def test_without_a_card_or_with_another_s_it_is_refused(
    server: SandboxServer, confirms: bool
) -> None:
    if confirms:
        error = refused(lambda: server.stripe.v1.setup_intents.create({"confirm": True}))
        assert error.code == "setup_intent_unexpected_state"
        assert server.get("/v1/setup_intents")["data"] == []
        return
    card = server.stripe.v1.payment_methods.attach("pm_card_visa", {"customer": customer(server)})
    error = refused(
        lambda: server.stripe.v1.setup_intents.create(
            {"customer": customer(server), "payment_method": card.id}
        )
    )
    assert "another customer" in str(error)


def test_its_secret_is_compared(server: SandboxServer) -> None:
    made = server.stripe.v1.setup_intents.create({})
    right = server.get(f"/v1/setup_intents/{made.id}", client_secret=made.client_secret)
    assert right["id"] == made.id
    wrong = server.fetch(f"/v1/setup_intents/{made.id}?client_secret=seti_secret_x")
    assert (wrong.status_code, wrong.json()["error"]["param"]) == (400, "client_secret")
