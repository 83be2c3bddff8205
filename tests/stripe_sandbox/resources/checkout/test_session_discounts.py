"""Checkout Sessions that a coupon or a promotion code discounts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.stripe.sandbox_server import SandboxServer, refused
from tests.support.stripe.stripe_types import assert_fits

BREAKDOWN = "total_details.breakdown"


def _coupon(server: SandboxServer, **params: Any) -> str:
    given: Any = {**({} if "amount_off" in params else {"percent_off": 25}), **params}
    return server.stripe.v1.coupons.create(given).id


def _code(server: SandboxServer, coupon: str, **params: Any) -> str:
    given: Any = {"promotion": {"type": "coupon", "coupon": coupon}, **params}
    return server.stripe.v1.promotion_codes.create(given).id


def _read(server: SandboxServer, session: str) -> dict[str, Any]:
    expand = {"expand[0]": BREAKDOWN, "expand[1]": "line_items"}
    found: dict[str, Any] = server.get(f"/v1/checkout/sessions/{session}", **expand)
    assert_fits(found)
    return found


def test_a_coupon_lowers_the_total(shared_server: SandboxServer) -> None:
    """Of the session, its lines and what is charged; the redemption counts once it is paid."""
    server = shared_server
    coupon = _coupon(server)
    made = server.create(discounts=[{"coupon": coupon}])
    session = _read(server, made.id)
    # A quarter of three credits at $0.99, rounded half up.
    assert (session["amount_subtotal"], session["amount_total"]) == (297, 223)
    assert session["discounts"] == [{"coupon": coupon, "promotion_code": None}]
    assert session["total_details"]["amount_discount"] == 74
    [part] = session["total_details"]["breakdown"]["discounts"]
    assert (part["amount"], part["discount"]["source"]["coupon"]) == (74, coupon)
    assert part["discount"]["checkout_session"] == made.id
    [line] = session["line_items"]["data"]
    assert (line["amount_discount"], line["amount_subtotal"], line["amount_total"]) == (
        74,
        297,
        223,
    )
    assert line["discounts"] == [part]
    assert server.get(f"/v1/coupons/{coupon}")["times_redeemed"] == 0
    server.pay(made.id)
    paid = server.retrieve(made.id, "payment_intent")
    assert paid.payment_intent.amount_received == 223
    assert server.get(f"/v1/coupons/{coupon}")["times_redeemed"] == 1


def test_lines_share_the_discount_to_the_cent(shared_server: SandboxServer) -> None:
    """An amount is spread over the products that it is for."""
    server = shared_server
    price = {"currency": "usd", "unit_amount": 333}
    lines = [
        {"price_data": {**price, "product_data": {"name": name}}, "quantity": 1}
        for name in ("Tea", "Coffee", "Cake")
    ]
    coupon = _coupon(server, amount_off=100, currency="usd")
    session = _read(server, server.create(line_items=lines, discounts=[{"coupon": coupon}]).id)
    assert [line["amount_discount"] for line in session["line_items"]["data"]] == [33, 34, 33]
    product = server.stripe.v1.prices.retrieve(server.credit).product
    only = _coupon(server, amount_off=9_900, currency="usd", applies_to={"products": [product]})
    both = [*lines[:1], {"price": server.credit, "quantity": 2}]
    session = _read(server, server.create(line_items=both, discounts=[{"coupon": only}]).id)
    assert [line["amount_discount"] for line in session["line_items"]["data"]] == [0, 198]
    assert session["amount_total"] == 333


def test_nothing_is_paid_for_a_whole_discount(server: SandboxServer) -> None:
    """No PaymentIntent, no charge; a Customer is always made."""
    code = _code(server, _coupon(server, percent_off=100))
    made = server.create(discounts=[{"promotion_code": code}])
    assert made.amount_total == 0
    known = server.event_types()
    server.pay(made.id)
    session = _read(server, made.id)
    assert (session["status"], session["payment_status"]) == ("complete", "no_payment_required")
    assert session["payment_intent"] is None
    assert session["customer"] is not None
    assert session["discounts"] == [{"coupon": None, "promotion_code": code}]
    assert server.event_types_since(known) == [
        "customer.created",
        "coupon.updated",
        "promotion_code.updated",
        "checkout.session.completed",
    ]
    assert server.get(f"/v1/promotion_codes/{code}")["times_redeemed"] == 1


def test_a_discount_is_refused_for_its_reason(server: SandboxServer) -> None:
    """In Stripe's words, with the parameter that names it."""
    customer = server.stripe.v1.customers.create({"email": "ann@example.com"}).id
    coupon = _coupon(server)
    once = _coupon(server, max_redemptions=1)
    exhausted = _code(server, once)
    server.pay(server.create(discounts=[{"promotion_code": exhausted}], customer=customer).id)
    first: Any = {"first_time_transaction": True}
    costly: Any = {"minimum_amount": 5_000, "minimum_amount_currency": "usd"}
    other = server.stripe.v1.products.create({"name": "Other"}).id
    for given, words in (
        ({"coupon": "NONE"}, "No such coupon: 'NONE'"),
        ({"promotion_code": "promo_none"}, "No such promotion code: 'promo_none'"),
        ({"coupon": once}, f"Coupon expired: {once}"),
        ({"promotion_code": exhausted}, "it has been used the maximum number of times."),
        ({"promotion_code": _code(server, coupon, active=False)}, "it is not active."),
        (
            {"promotion_code": _code(server, coupon, restrictions=first)},
            "the associated customer has prior transactions.",
        ),
        (
            {"promotion_code": _code(server, coupon, restrictions=costly)},
            "the associated purchase does not meet the minimum amount requirement.",
        ),
        ({"coupon": _coupon(server, amount_off=5, currency="eur")}, "in `usd`."),
        (
            {"coupon": _coupon(server, applies_to={"products": [other]})},
            "does not apply to any of the products in this purchase.",
        ),
    ):
        error = refused(lambda given=given: server.create(discounts=[given], customer=customer))  # type: ignore[misc]
        [kind] = given
        assert str(error.user_message).endswith(words)
        assert getattr(error, "param", None) == f"discounts[0][{kind}]"
    twice: Any = [{"coupon": coupon}, {"coupon": coupon}]
    error = refused(lambda: server.create(discounts=twice))
    assert getattr(error, "param", None) == "discounts"
    both = refused(
        lambda: server.create(discounts=[{"coupon": coupon}], allow_promotion_codes=False)
    )
    assert str(both.user_message) == (
        "You may only specify one of these parameters: allow_promotion_codes, discounts."
    )
    least = refused(lambda: server.create(discounts=[{"coupon": _coupon(server, percent_off=90)}]))
    assert least.code == "amount_too_small"


def test_a_code_of_one_customer_is_for_nobody_else(shared_server: SandboxServer) -> None:
    """A guest, too, is somebody else."""
    server = shared_server
    customer = server.stripe.v1.customers.create({"email": "ann@example.com"}).id
    given: Any = [{"promotion_code": _code(server, _coupon(server), customer=customer)}]
    assert server.create(discounts=given, customer=customer).amount_total == 223
    with pytest.raises(Exception, match="it is for another customer"):
        server.create(discounts=given)


def test_the_invoice_of_a_payment_has_the_discount(shared_server: SandboxServer) -> None:
    """It is for what was paid."""
    server = shared_server
    discounts: Any = [{"coupon": _coupon(server)}]
    session = server.create(discounts=discounts, invoice_creation={"enabled": True}).id
    server.pay(session)
    invoice = server.get(f"/v1/invoices/{server.retrieve(session).invoice}")
    assert_fits(invoice)
    assert (invoice["subtotal"], invoice["total"], invoice["amount_paid"]) == (297, 223, 223)
