"""What the Checkout page answers to forms, also to those that its own page would not send."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.stripe_sandbox.checkout_page.form_client import GOOD, ask, pay, still_untouched
from tests.support.stripe.storefront import Storefront

BANK = {
    "payment_method_type": "us_bank_account",
    "email": "tester@example.com",
    "routing_number": "110000000",
    "account_number": "000123456789",
    "name": "Test Customer",
}


def test_a_whole_form_pays(storefront: Storefront) -> None:
    """The answer to a payment names where to go on to."""
    session = storefront.sell_credits()
    reply = pay(storefront, session.id, GOOD)

    assert reply.status == 200
    assert reply.json == {
        "status": "paid",
        "return_url": f"{storefront.url}/thanks?session_id={session.id}",
    }


def test_a_decline_is_402_and_names_the_field(storefront: Storefront) -> None:
    """A refused card is answered with Stripe's codes and the field at fault."""
    session = storefront.sell_credits()
    reply = pay(storefront, session.id, {**GOOD, "number": "4000000000000127"})

    assert reply.status == 402
    assert reply.json["status"] == "declined"
    (error,) = reply.json["errors"]
    assert (error["field"], error["code"]) == ("cvc", "incorrect_cvc")
    assert storefront.session(session.id).status == "open"


@pytest.mark.parametrize(
    ("wrong", "field", "code"),
    [
        ({"email": ""}, "email", "missing"),
        ({"email": "nobody"}, "email", "email_invalid"),
        ({"email": "a@b"}, "email", "email_invalid"),
        ({"email": "a b@example.com"}, "email", "email_invalid"),
        ({"email": "a" * 250 + "@example.com"}, "email", "email_invalid"),
        ({"email": "nul\x00@example.com"}, "email", "email_invalid"),
        ({"email": 7}, "email", "invalid_type"),
        ({"number": ""}, "number", "missing"),
        ({"number": "4242 4242"}, "number", "incomplete_number"),
        ({"number": "3782 822463 1000", "cvc": "1234"}, "number", "incomplete_number"),
        ({"number": "4" * 20}, "number", "invalid_number"),
        ({"number": "4242 4242 4242 424x"}, "number", "invalid_number"),
        ({"number": "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢"}, "number", "invalid_number"),
        ({"number": 4242424242424242}, "number", "invalid_type"),
        ({"expiry": ""}, "expiry", "missing"),
        ({"expiry": "12"}, "expiry", "incomplete_expiry"),
        ({"expiry": "soon"}, "expiry", "incomplete_expiry"),
        ({"expiry": "13 / 34"}, "expiry", "invalid_expiry_month"),
        ({"expiry": "00 / 34"}, "expiry", "invalid_expiry_month"),
        ({"cvc": ""}, "cvc", "missing"),
        ({"cvc": "12"}, "cvc", "incomplete_cvc"),
        ({"cvc": "abc"}, "cvc", "invalid_cvc"),
        ({"number": "378282246310005"}, "cvc", "incomplete_cvc"),
        ({"name": " "}, "name", "missing"),
        ({"name": "x" * 151}, "name", "name_invalid"),
        ({"name": "half \ud800 a pair"}, "name", "name_invalid"),
        ({"name": ["Test"]}, "name", "invalid_type"),
        ({"country": "XX"}, "country", "country_invalid"),
        ({"country": None}, "country", "invalid_type"),
    ],
)
def test_a_bad_field_is_named_and_nothing_is_made(
    storefront: Storefront, wrong: dict[str, object], field: str, code: str
) -> None:
    """Each field that is wrong is refused by name; the session is as it was."""
    session = storefront.sell_credits()
    reply = pay(storefront, session.id, {**GOOD, **wrong})

    assert reply.status == 400
    assert reply.json["status"] == "invalid"
    assert [(error["field"], error["code"]) for error in reply.json["errors"]] == [(field, code)]
    assert still_untouched(storefront, session.id)


def test_a_bank_account_completes_the_session_unpaid(storefront: Storefront) -> None:
    """The answer distinguishes a debit under way from a payment, and names where to go on to."""
    session = storefront.sell_credits()
    reply = pay(storefront, session.id, BANK)

    assert reply.status == 200
    assert reply.json == {
        "status": "processing",
        "return_url": f"{storefront.url}/thanks?session_id={session.id}",
    }
    after = storefront.session(session.id)
    assert (after.status, after.payment_status) == ("complete", "unpaid")


@pytest.mark.parametrize(
    ("wrong", "field", "code"),
    [
        ({"email": ""}, "email", "missing"),
        ({"routing_number": ""}, "routing_number", "missing"),
        ({"routing_number": "021000021"}, "routing_number", "routing_number_invalid"),
        ({"routing_number": 110000000}, "routing_number", "invalid_type"),
        ({"account_number": " "}, "account_number", "missing"),
        ({"account_number": "123"}, "account_number", "account_number_invalid"),
        ({"account_number": "<b>"}, "account_number", "account_number_invalid"),
        ({"account_number": None}, "account_number", "invalid_type"),
        ({"name": ""}, "name", "missing"),
        ({"name": "nul\x00"}, "name", "name_invalid"),
    ],
)  # fmt: skip
def test_a_bad_field_of_a_bank_account_is_named(
    storefront: Storefront, wrong: dict[str, object], field: str, code: str
) -> None:
    """Likewise; numbers that are not the test bank's are refused rather than stored."""
    session = storefront.sell_credits()
    reply = pay(storefront, session.id, {**BANK, **wrong})

    assert reply.status == 400
    assert [(error["field"], error["code"]) for error in reply.json["errors"]] == [(field, code)]
    assert still_untouched(storefront, session.id)


def test_a_session_for_cards_only_takes_no_bank_account(storefront: Storefront) -> None:
    """Nobody pays in a way that the session does not allow by posting it."""
    session = storefront.sell_credits(allowed_payment_method_types=["card"])
    reply = pay(storefront, session.id, BANK)

    assert (reply.status, reply.fields) == (400, ["payment_method_type"])
    assert still_untouched(storefront, session.id)


@pytest.mark.parametrize("kind", ["bitcoin", 7, ["card"], "<script>"])
def test_a_payment_method_that_does_not_exist_is_refused(
    storefront: Storefront, kind: object
) -> None:
    """A whole card does not help when another method is named."""
    session = storefront.sell_credits()
    reply = pay(storefront, session.id, {**GOOD, "payment_method_type": kind})

    assert (reply.status, reply.fields) == (400, ["payment_method_type"])
    assert still_untouched(storefront, session.id)


def test_all_that_is_wrong_is_said_at_once(storefront: Storefront) -> None:
    """An empty form names its fields in the order of the page."""
    reply = pay(storefront, storefront.sell_credits().id, {})

    assert reply.fields == ["email", "number", "expiry", "cvc", "name", "country"]


def test_many_posts_at_once_pay_once(storefront: Storefront) -> None:
    """Of many payments of one session at the same time one goes through, the rest learn so."""
    session = storefront.sell_credits()
    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda _: pay(storefront, session.id, GOOD), range(16)))

    assert sorted(reply.status for reply in replies) == [200] + [409] * 15
    late = next(reply for reply in replies if reply.status == 409)
    assert late.json == {
        "status": "closed",
        "session_status": "complete",
        "return_url": f"{storefront.url}/thanks?session_id={session.id}",
    }
    assert len(storefront.completions(session.id)) == 1


def test_an_expired_session_cannot_be_paid(storefront: Storefront) -> None:
    """Too late is a 409 that says why."""
    session = storefront.sell_credits()
    storefront.stripe.v1.checkout.sessions.expire(session.id)
    reply = pay(storefront, session.id, GOOD)

    assert reply.status == 409
    assert reply.json["session_status"] == "expired"


def test_an_unknown_session_is_404(storefront: Storefront) -> None:
    """There is nothing to pay or to authenticate under an unknown id."""
    body = json.dumps({"payment_intent": "pi_x", "result": "complete"}).encode()
    unknown = "/c/pay/cs_test_unknown/authenticate"
    authenticated = ask(storefront, "POST", unknown, body, Content_Type="application/json")

    assert pay(storefront, "cs_test_unknown", GOOD).status == 404
    assert authenticated.status == 404
    assert authenticated.fields == ["session"]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 400, "result"),
        ({"payment_intent": "pi_unknown", "result": "maybe"}, 400, "result"),
        ({"payment_intent": ["pi"], "result": "complete"}, 400, "payment_intent"),
        ({"payment_intent": "pi_\ud83c", "result": "complete"}, 400, "payment_intent"),
        ({"result": "complete"}, 400, "payment_intent"),
        ({"payment_intent": "pi_unknown", "result": "complete"}, 404, "payment_intent"),
    ],
)
def test_a_challenge_that_was_never_asked_cannot_be_answered(
    storefront: Storefront, body: dict[str, Any], status: int, field: str
) -> None:
    """Nobody pays by claiming to have authenticated."""
    session = storefront.sell_credits()
    path = f"/c/pay/{session.id}/authenticate"
    content = json.dumps(body).encode()
    reply = ask(storefront, "POST", path, content, Content_Type="application/json")

    assert (reply.status, reply.fields) == (status, [field])
    assert still_untouched(storefront, session.id)


def test_a_challenge_is_answered_once(storefront: Storefront) -> None:
    """A challenge that was failed cannot be completed afterwards."""
    session = storefront.sell_credits()
    intent = pay(storefront, session.id, {**GOOD, "number": "4000002500003155"}).json[
        "payment_intent"
    ]
    path = f"/c/pay/{session.id}/authenticate"
    statuses = [
        ask(
            storefront,
            "POST",
            path,
            json.dumps({"payment_intent": intent, "result": result}).encode(),
            Content_Type="application/json",
        ).status
        for result in ("fail", "complete")
    ]

    assert statuses == [402, 404]
    assert storefront.session(session.id).status == "open"
