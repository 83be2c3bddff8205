"""A Checkout Session in setup mode saves a card, and sells nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.stripe.sandbox_server import SandboxServer, refused
from tests.support.stripe.stripe_types import assert_fits

SAVES: Any = {
    "mode": "setup",
    "currency": "usd",
    "success_url": "http://shop.example/?id={CHECKOUT_SESSION_ID}",
}
FORM = {
    "email": "ann@example.com",
    "number": "4242424242424242",
    "expiry": "12 / 40",
    "cvc": "123",
    "name": "Ann",
    "country": "US",
}


def create(server: SandboxServer, **params: Any) -> Any:
    given: Any = {**SAVES, **params}
    made = server.stripe.v1.checkout.sessions.create(given)
    session = retrieve(server, made.id)
    assert_fits(session)
    return session


def retrieve(server: SandboxServer, session: str, *expand: str) -> Any:
    """The session as it is now."""
    return server.retrieve(session, *expand).to_dict()


def submit(server: SandboxServer, session: str, action: str = "pay", **fields: str) -> str:
    """The page's answer to its plain form."""
    given = {**FORM, **fields} if action == "pay" else fields
    return server.post(f"/c/pay/{session}/{action}", given).text


def test_the_card_is_saved_to_the_customer(shared_server: SandboxServer) -> None:
    owner = shared_server.stripe.v1.customers.create({"email": "ann@example.com"}).id
    session = create(
        shared_server,
        customer=owner,
        setup_intent_data={"metadata": {"a": "b"}, "description": "Tea"},
    )
    assert (session["amount_total"], session["payment_status"]) == (None, "no_payment_required")
    assert (session["payment_intent"], session["total_details"]) == (None, None)
    intent = shared_server.get(f"/v1/setup_intents/{session['setup_intent']}")
    assert_fits(intent)
    assert (intent["status"], intent["metadata"], intent["description"]) == (
        "requires_payment_method",
        {"a": "b"},
        "Tea",
    )
    page = shared_server.page(session["id"])
    assert "Save your card" in page
    assert "Nothing is charged today." in page
    assert "$" not in page.partition("<main")[2]
    known = shared_server.event_types()
    assert "Card saved" in submit(shared_server, session["id"])
    after = retrieve(shared_server, session["id"], "setup_intent.payment_method", "line_items")
    assert_fits(after)
    assert (after["status"], after["line_items"]["data"]) == ("complete", [])
    saved = after["setup_intent"]["payment_method"]
    assert (saved["customer"], saved["allow_redisplay"]) == (owner, "always")
    assert shared_server.event_types_since(known) == [
        "setup_intent.succeeded",
        "payment_method.attached",
        "checkout.session.completed",
    ]
    assert "This card has been saved" in shared_server.page(session["id"])


@pytest.mark.parametrize("creation", ["always", "if_required"])
def test_a_customer_is_made_only_where_the_request_says_so(
    shared_server: SandboxServer, creation: str
) -> None:
    session = create(shared_server, customer_creation=creation)
    shared_server.pay(session["id"])
    after = retrieve(shared_server, session["id"], "setup_intent.payment_method")
    assert (after["customer"] is not None) == (creation == "always")
    assert after["setup_intent"]["payment_method"]["customer"] == after["customer"]
    assert after["customer_details"]["email"] == "payer@example.com"


def test_a_card_that_is_refused_leaves_it_open(shared_server: SandboxServer) -> None:
    session = create(shared_server, customer_creation="always")
    answer = submit(shared_server, session["id"], number="4000000000000002")
    assert "Your card was declined." in answer
    after = retrieve(shared_server, session["id"])
    assert (after["status"], after["customer"]) == ("open", None)
    # It can be saved, though charging it later fails.
    shared_server.pay(session["id"], "4000000000000341")
    assert retrieve(shared_server, session["id"])["status"] == "complete"


@pytest.mark.parametrize("result", ["complete", "fail"])
def test_3d_secure_comes_first(shared_server: SandboxServer, result: str) -> None:
    session = create(shared_server)
    page = submit(shared_server, session["id"], number="4000002500003155")
    assert "Confirm your card" in page
    answer = submit(
        shared_server,
        session["id"],
        "authenticate",
        payment_intent=session["setup_intent"],
        result=result,
    )
    after = retrieve(shared_server, session["id"])
    if result == "complete":
        assert ("Card saved" in answer, after["status"]) == (True, "complete")
    else:
        assert ("unable to authenticate" in answer, after["status"]) == (True, "open")


def test_its_setup_intent_is_canceled_when_it_expires(shared_server: SandboxServer) -> None:
    session = create(shared_server)
    shared_server.stripe.v1.checkout.sessions.expire(session["id"])
    intent = shared_server.get(f"/v1/setup_intents/{session['setup_intent']}")
    assert intent["status"] == "canceled"


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"line_items": [{"price": "price_x", "quantity": 1}]}, "line_items"),
        ({"allow_promotion_codes": True}, "allow_promotion_codes"),
        ({"submit_type": "pay"}, "submit_type"),
        ({"payment_intent_data": {"description": "Tea"}}, "payment_intent_data"),
        ({"mode": "payment", "setup_intent_data": {"description": "Tea"}}, "line_items"),
        ({"currency": "xxx"}, "currency"),
    ],
)
def test_what_belongs_to_another_mode_is_refused(
    shared_server: SandboxServer, given: Any, param: str
) -> None:
    request: Any = {**SAVES, **given}
    error: Any = refused(lambda: shared_server.stripe.v1.checkout.sessions.create(request))
    assert error.param == param


def test_a_program_pays_it_through_the_controls(shared_server: SandboxServer) -> None:
    session = create(shared_server)
    answer = shared_server.control(
        "POST", f"sessions/{session['id']}/pay", {"card": "4242424242424242"}
    )
    assert (answer["outcome"], answer["status"]) == ("paid", "complete")
