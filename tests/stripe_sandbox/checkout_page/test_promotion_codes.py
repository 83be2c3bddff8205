"""Promotion codes on the Checkout page and in the pay control."""

from __future__ import annotations

from typing import Any

import requests

from tests.support.stripe.sandbox_server import SandboxServer

_CODE = 'name="promotion_code"'


def _code(server: SandboxServer, code: str, restrictions: Any = None, **coupon: Any) -> None:
    given: Any = {"percent_off": 25, **coupon}
    made = server.stripe.v1.coupons.create(given).id
    params: Any = {
        "promotion": {"type": "coupon", "coupon": made},
        "code": code,
        "restrictions": restrictions or {},
    }
    server.stripe.v1.promotion_codes.create(params)


def _enter(server: SandboxServer, session: str, **form: str) -> requests.Response:
    address = f"{server.url}/c/pay/{session}/promotion_code"
    return requests.post(address, data=form, timeout=10)


def test_a_payer_enters_a_code_and_removes_it(shared_server: SandboxServer) -> None:
    """In any case; the page says what it takes off, and what is due then."""
    server = shared_server
    _code(server, "SPRING", name="Spring sale")
    session = server.create(allow_promotion_codes=True).id
    assert _CODE in server.page(session)
    page = _enter(server, session, promotion_code=" spring ").text
    assert _CODE not in page
    for words in ("SPRING", "25% off", "-$0.74", "$2.97", "Pay $2.23", "Remove"):
        assert words in page
    assert server.retrieve(session).amount_total == 223
    page = _enter(server, session, remove="1").text
    assert "Pay $2.97" in page
    assert server.retrieve(session).discounts == []
    assert "Promotion code" not in server.page(server.create().id)


def test_the_page_says_why_a_code_is_refused(shared_server: SandboxServer) -> None:
    """Beside the field, which holds what was entered; the session costs what it did."""
    server = shared_server
    _code(server, "BIG", {"minimum_amount": 5_000, "minimum_amount_currency": "usd"})
    _code(server, "NEARLY", percent_off=95)
    session = server.create(allow_promotion_codes=True).id
    for code, words in (
        ("", "Enter a promotion code."),
        ("NOBODY", "This code is invalid."),
        ("BIG", "the associated purchase does not meet the minimum amount requirement."),
        ("NEARLY", "must add up to at least $0.50 usd"),
    ):
        answer = _enter(server, session, promotion_code=code)
        assert answer.status_code == 400
        assert words in answer.text
        assert f'value="{code}"' in answer.text
    assert server.retrieve(session).amount_total == 297
    assert _enter(server, server.create().id, promotion_code="BIG").status_code == 400
    assert _enter(server, "cs_test_none", promotion_code="BIG").status_code == 404


def test_nothing_is_asked_but_the_email_when_nothing_is_due(shared_server: SandboxServer) -> None:
    """No card; what was tried with one before is canceled."""
    server = shared_server
    _code(server, "FREE", percent_off=100)
    session = server.create(allow_promotion_codes=True).id
    server.pay(session, "4000000000000002")
    page = _enter(server, session, promotion_code="FREE").text
    assert "Complete order" in page
    assert 'name="number"' not in page
    pay = f"{server.url}/c/pay/{session}/pay"
    assert "Enter your email." in requests.post(pay, data={"email": ""}, timeout=10).text
    done = requests.post(pay, data={"email": "ann@example.com"}, timeout=10)
    assert done.status_code == 200
    paid = server.retrieve(session, "customer")
    assert (paid.payment_status, paid.customer.email) == ("no_payment_required", "ann@example.com")
    tried = server.stripe.v1.payment_intents.list({"limit": 1}).data[0]
    assert tried.status == "canceled"
    assert _enter(server, session, promotion_code="FREE").status_code == 409


def test_a_code_after_a_declined_try_lowers_what_is_charged(shared_server: SandboxServer) -> None:
    """The next try is for the new total."""
    server = shared_server
    _code(server, "LATER")
    session = server.create(allow_promotion_codes=True).id
    server.pay(session, "4000000000000002")
    _enter(server, session, promotion_code="LATER")
    server.pay(session)
    intent = server.retrieve(session, "payment_intent").payment_intent
    assert (intent.amount, intent.amount_received) == (223, 223)


def test_the_pay_control_takes_a_code(shared_server: SandboxServer) -> None:
    """And needs no card where the code leaves nothing to pay."""
    server = shared_server
    _code(server, "CONTROL")
    _code(server, "GIFT", percent_off=100)
    for code, card, total in (("CONTROL", "4242424242424242", 223), ("GIFT", None, 0)):
        session = server.create(allow_promotion_codes=True).id
        body = {"promotion_code": code, "card": card}
        answer = server.control("POST", f"sessions/{session}/pay", body)
        assert answer["outcome"] == "paid"
        assert server.retrieve(session).amount_total == total
    session = server.create(allow_promotion_codes=True).id
    refusal = server.control("POST", f"sessions/{session}/pay", {"promotion_code": "X"}, 400)
    assert refusal["error"]["message"] == "This code is invalid."
    refusal = server.control("POST", f"sessions/{session}/pay", {}, 400)
    assert refusal["error"]["param"] == "card"
