"""A payer has a new card saved by the box on the Checkout page, and removes one there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stripe_sandbox.checkout_page.form_client import GOOD
from tests.stripe_sandbox.checkout_page.test_saved_cards import customer_with, pay
from tests.support.stripe.sandbox_server import SandboxServer, refused
from tests.support.stripe.stripe_types import assert_fits

SAVES: Any = {"payment_method_save": "enabled"}
REMOVES: Any = {"payment_method_remove": "enabled"}
BOX = 'name="save_payment_method"'
TICKED = {**GOOD, "save_payment_method": "1"}


def customer(server: SandboxServer) -> str:
    return server.stripe.v1.customers.create({"email": "ann@example.com"}).id


def session(server: SandboxServer, mode: str = "payment", **params: Any) -> str:
    make = server.create if mode == "payment" else server.subscribe
    return str(make(**params).id)


def submit(server: SandboxServer, identifier: str, form: dict[str, str]) -> Any:
    return server.post(f"/c/pay/{identifier}/pay", form).text


def methods_of(server: SandboxServer, owner: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.get("/v1/payment_methods", customer=owner)["data"]
    return found


@pytest.mark.parametrize("card", [GOOD["number"], "4000 0027 6000 3184"])
def test_a_ticked_box_has_the_card_offered_the_next_time(
    shared_server: SandboxServer, card: str
) -> None:
    """After 3-D Secure, too."""
    owner = customer(shared_server)
    first = session(shared_server, customer=owner, saved_payment_method_options=SAVES)
    assert_fits(shared_server.get(f"/v1/checkout/sessions/{first}"))
    assert BOX in shared_server.page(first)
    answer = submit(shared_server, first, {**TICKED, "number": card})
    if "Complete authentication" in answer:
        [intent] = shared_server.get("/v1/payment_intents", customer=owner)["data"]
        result = {"payment_intent": intent["id"], "result": "complete"}
        answer = shared_server.post(f"/c/pay/{first}/authenticate", result).text
    assert "Payment complete" in answer
    [saved] = methods_of(shared_server, owner)
    assert_fits(saved)
    assert saved["allow_redisplay"] == "always"
    following = session(shared_server, customer=owner)
    assert f"ending in {card[-4:]}" in shared_server.page(following)
    assert BOX not in shared_server.page(following)


def test_an_unticked_box_saves_nothing(shared_server: SandboxServer) -> None:
    owner = customer(shared_server)
    unticked = session(shared_server, customer=owner, saved_payment_method_options=SAVES)
    submit(shared_server, unticked, GOOD)
    unasked = session(shared_server, customer=owner)
    submit(shared_server, unasked, TICKED)
    assert methods_of(shared_server, owner) == []


def test_a_subscription_s_card_is_offered_again_if_its_payer_wants_that(
    shared_server: SandboxServer,
) -> None:
    """It is saved anyway."""
    for form, display in ((GOOD, "limited"), (TICKED, "always")):
        owner = customer(shared_server)
        identifier = session(
            shared_server, "subscription", customer=owner, saved_payment_method_options=SAVES
        )
        submit(shared_server, identifier, form)
        [saved] = methods_of(shared_server, owner)
        assert saved["allow_redisplay"] == display


def test_a_guest_who_saves_a_card_becomes_a_customer(shared_server: SandboxServer) -> None:
    for form, has_customer in ((GOOD, False), (TICKED, True)):
        identifier = session(shared_server, saved_payment_method_options=SAVES)
        submit(shared_server, identifier, form)
        owner = shared_server.retrieve(identifier).customer
        assert (owner is not None) == has_customer
    [saved] = methods_of(shared_server, str(owner))
    assert saved["customer"] == owner


@pytest.mark.parametrize("usage", ["on_session", "off_session"])
def test_a_shop_saves_a_card_that_is_not_offered_again(
    shared_server: SandboxServer, usage: str
) -> None:
    """`setup_future_usage`: the shop charges it later, as far as it was set up for that."""
    owner = customer(shared_server)
    identifier = session(
        shared_server, customer=owner, payment_intent_data={"setup_future_usage": usage}
    )
    shared_server.control(
        "POST",
        f"sessions/{identifier}/pay",
        {"card": "4000002500003155", "authenticate": True},
    )
    [saved] = methods_of(shared_server, owner)
    assert saved["allow_redisplay"] == "limited"
    later: Any = {
        "amount": 900, "currency": "usd", "customer": owner, "payment_method": saved["id"],
        "confirm": True, "off_session": True, "return_url": "http://shop.example/",
    }  # fmt: skip
    charge = shared_server.stripe.v1.payment_intents.create
    if usage == "off_session":
        assert charge(later).status == "succeeded"
    else:
        assert refused(lambda: charge(later)).code == "authentication_required"


def test_a_control_saves_only_where_a_session_offers_it(shared_server: SandboxServer) -> None:
    body = {"card": "4242424242424242", "save_payment_method": True}
    plain = session(shared_server)
    refusal = shared_server.control("POST", f"sessions/{plain}/pay", body, status=400)
    assert refusal["error"]["param"] == "save_payment_method"
    owner = customer(shared_server)
    offering = session(shared_server, customer=owner, saved_payment_method_options=SAVES)
    shared_server.control("POST", f"sessions/{offering}/pay", body)
    assert methods_of(shared_server, owner)[0]["allow_redisplay"] == "always"


def test_a_saved_card_is_removed(shared_server: SandboxServer) -> None:
    owner, saved = customer_with(shared_server, "pm_card_visa")
    without = session(shared_server, customer=owner)
    assert 'class="remove"' not in shared_server.page(without)
    answer = shared_server.post(f"/c/pay/{without}/remove_card", {"card": saved})
    assert answer.status_code == 400
    offering = session(shared_server, customer=owner, saved_payment_method_options=REMOVES)
    assert 'class="remove"' in shared_server.page(offering)
    page = shared_server.post(f"/c/pay/{offering}/remove_card", {"card": saved}).text
    assert 'class="remove"' not in page
    [event] = shared_server.get("/v1/events", limit=1)["data"]
    assert (event["type"], event["data"]["object"]["id"]) == ("payment_method.detached", saved)
    assert methods_of(shared_server, owner) == []
    assert "not available here" in pay(shared_server, offering, saved)


def test_what_alone_pays_a_subscription_is_not_removed(shared_server: SandboxServer) -> None:
    owner = customer(shared_server)
    submit(shared_server, session(shared_server, "subscription", customer=owner), GOOD)
    [saved] = methods_of(shared_server, owner)
    offering = session(shared_server, customer=owner, saved_payment_method_options=REMOVES)
    remove = f"/c/pay/{offering}/remove_card"
    answer = shared_server.post(remove, {"card": saved["id"]})
    assert (answer.status_code, "pays a subscription" in answer.text) == (400, True)
    other = shared_server.stripe.v1.payment_methods.attach("pm_card_visa", {"customer": owner}).id
    settings: Any = {"invoice_settings": {"default_payment_method": other}}
    shared_server.stripe.v1.customers.update(owner, settings)
    assert shared_server.post(remove, {"card": saved["id"]}).status_code == 200


def test_setup_mode_has_no_such_options(shared_server: SandboxServer) -> None:
    error: Any = refused(
        lambda: shared_server.stripe.v1.checkout.sessions.create(
            {
                "mode": "setup",
                "currency": "usd",
                "success_url": "http://shop.example/",
                "saved_payment_method_options": SAVES,
            }
        )
    )
    assert error.param == "saved_payment_method_options"
