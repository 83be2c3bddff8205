"""A customer's saved cards are offered on the Checkout page, and pay."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.stripe.sandbox_server import SandboxServer


def customer_with(server: SandboxServer, card: str, redisplay: Any = "always") -> tuple[str, str]:
    """A customer and a card of theirs."""
    owner = server.stripe.v1.customers.create({"email": "ann@example.com"}).id
    methods = server.stripe.v1.payment_methods
    saved = methods.attach(card, {"customer": owner}).id
    methods.update(saved, {"allow_redisplay": redisplay})
    return owner, saved


def pay(server: SandboxServer, session: str, method: str) -> Any:
    answer = server.post(f"/c/pay/{session}/pay", {"payment_method_type": method})
    return answer.text


@pytest.mark.parametrize("mode", ["payment", "subscription"])
def test_a_saved_card_pays_and_is_not_saved_again(shared_server: SandboxServer, mode: str) -> None:
    owner, saved = customer_with(shared_server, "pm_card_visa")
    make = shared_server.create if mode == "payment" else shared_server.subscribe
    session = make(customer=owner).id
    page = shared_server.page(session)
    assert "Visa ending in 4242" in page
    assert "New card" in page
    known = shared_server.event_types()
    assert "Payment complete" in pay(shared_server, session, saved)
    [method] = shared_server.get("/v1/payment_methods", customer=owner)["data"]
    assert method["id"] == saved
    assert "payment_method.attached" not in shared_server.event_types_since(known)
    [charge] = shared_server.get("/v1/charges", customer=owner)["data"]
    assert charge["payment_method"] == saved


def test_only_cards_that_may_be_shown_again_are_offered(shared_server: SandboxServer) -> None:
    owner, saved = customer_with(shared_server, "pm_card_visa", "limited")
    session = shared_server.create(customer=owner).id
    assert "ending in 4242" not in shared_server.page(session).partition('class="methods"')[2]
    assert "not available here" in pay(shared_server, session, saved)
    stranger = shared_server.create().id
    assert "not available here" in pay(shared_server, stranger, saved)


def test_a_saved_card_that_is_declined_leaves_the_session_open(
    shared_server: SandboxServer,
) -> None:
    owner, saved = customer_with(shared_server, "pm_card_chargeCustomerFail")
    session = shared_server.create(customer=owner).id
    assert "Your card was declined." in pay(shared_server, session, saved)
    assert shared_server.retrieve(session).status == "open"
