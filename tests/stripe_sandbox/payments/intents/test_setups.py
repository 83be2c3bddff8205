"""SetupIntents save a card without a payment."""

from __future__ import annotations

import pytest

from tests.support.stripe.sandbox_server import SandboxServer, refused
from tests.support.stripe.stripe_types import assert_fits


def customer(server: SandboxServer) -> str:
    return server.stripe.v1.customers.create({"email": "ann@example.com"}).id


def test_a_card_is_saved_to_the_customer(server: SandboxServer) -> None:
    owner = customer(server)
    known = server.event_types()
    made = server.stripe.v1.setup_intents.create({"customer": owner})
    assert made.status == "requires_payment_method"
    server.stripe.v1.setup_intents.confirm(made.id, {"payment_method": "pm_card_visa"})
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
        {"customer": customer(server), "payment_method": "pm_card_mastercard", "confirm": True}
    )
    assert made.status == "succeeded"


def test_a_card_that_is_refused_is_not_saved(server: SandboxServer) -> None:
    owner = customer(server)
    made = server.stripe.v1.setup_intents.create(
        {"customer": owner, "payment_method": "pm_card_chargeDeclined"}
    )
    assert made.status == "requires_confirmation"
    error = refused(lambda: server.stripe.v1.setup_intents.confirm(made.id))
    assert (error.http_status, error.code) == (402, "card_declined")
    intent = server.get(f"/v1/setup_intents/{made.id}")
    assert_fits(intent)
    assert intent["status"] == "requires_payment_method"
    assert intent["last_setup_error"]["decline_code"] == "generic_decline"
    assert server.event_types()[-1] == "setup_intent.setup_failed"
    assert server.get("/v1/payment_methods", customer=owner)["data"] == []


def test_a_card_whose_bank_asks_waits_for_that(server: SandboxServer) -> None:
    made = server.stripe.v1.setup_intents.create(
        {"payment_method": "pm_card_authenticationRequired", "confirm": True}
    )
    intent = server.get(f"/v1/setup_intents/{made.id}")
    assert_fits(intent)
    assert (intent["status"], intent["next_action"]["type"]) == (
        "requires_action",
        "use_stripe_sdk",
    )


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
