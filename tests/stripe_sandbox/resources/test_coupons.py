"""Coupons and promotion codes by the API, in Stripe's rules and words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.stripe.sandbox_server import SandboxServer, refused
from tests.support.stripe.stripe_types import assert_fits


def _coupon(server: SandboxServer, **params: Any) -> dict[str, Any]:
    given: Any = {"percent_off": 25, **params}
    identifier = server.stripe.v1.coupons.create(given).id
    found: dict[str, Any] = server.get(f"/v1/coupons/{identifier}")
    return found


def _code(server: SandboxServer, **params: Any) -> dict[str, Any]:
    given: Any = {
        "promotion": {"type": "coupon", "coupon": _coupon(server)["id"]},
        **params,
    }
    identifier = server.stripe.v1.promotion_codes.create(given).id
    found: dict[str, Any] = server.get(f"/v1/promotion_codes/{identifier}")
    return found


def test_a_coupon_is_created_changed_and_deleted(shared_server: SandboxServer) -> None:
    """With its events; what it applies to is shown only when it is expanded."""
    server = shared_server
    known = server.event_types()
    product = server.get("/v1/products")["data"][0]["id"]
    coupon = _coupon(server, applies_to={"products": [product]}, name="Spring")
    assert_fits(coupon)
    assert (coupon["percent_off"], coupon["duration"], coupon["valid"]) == (25.0, "once", True)
    assert "applies_to" not in coupon
    path = f"/v1/coupons/{coupon['id']}"
    expanded = server.get(path, **{"expand[0]": "applies_to"})
    assert expanded["applies_to"] == {"products": [product]}
    server.stripe.v1.coupons.update(coupon["id"], {"name": "Summer"})
    assert server.stripe.v1.coupons.delete(coupon["id"]).deleted
    assert server.event_types_since(known) == ["coupon.created", "coupon.updated", "coupon.deleted"]
    gone = server.fetch(path)
    assert (gone.status_code, gone.json()["error"]["param"]) == (404, "coupon")


@pytest.mark.parametrize(
    ("params", "message", "param"),
    [
        ({}, "Must provide percent_off or amount_off.", None),
        ({"percent_off": 0}, "This value must be greater than or equal to 0.01", "percent_off"),
        ({"percent_off": 101}, "This value must be less than or equal to 100", "percent_off"),
        ({"amount_off": 5}, "You must pass currency when passing amount_off", "currency"),
        ({"amount_off": 0, "currency": "usd"}, "This value must be greater", "amount_off"),
        (
            {"amount_off": 5, "currency": "usd", "percent_off": 5},
            "Received both percent_off and amount_off parameters. Please pass in only one.",
            None,
        ),
        (
            {"percent_off": 5, "duration": "repeating"},
            "The duration_in_months param must",
            "duration",
        ),
        (
            {"percent_off": 5, "duration_in_months": 2},
            "The duration_in_months",
            "duration_in_months",
        ),
        ({"percent_off": 5, "redeem_by": 1000}, "The parameter `redeem_by` expects", "redeem_by"),
        ({"percent_off": 5, "redeem_by": 9999999999}, "Invalid timestamp: can be no", "redeem_by"),
    ],
)
def test_a_coupon_that_makes_no_sense_is_refused(
    shared_server: SandboxServer, params: Any, message: str, param: str | None
) -> None:
    """In Stripe's words."""
    error = refused(lambda: shared_server.stripe.v1.coupons.create(params))
    assert str(error.user_message).startswith(message)
    assert getattr(error, "param", None) == param


def test_an_id_is_taken_once(shared_server: SandboxServer) -> None:
    """A coupon may have an id of one's own."""
    assert _coupon(shared_server, id="TENOFF")["id"] == "TENOFF"
    error = refused(lambda: _coupon(shared_server, id="TENOFF"))
    assert (error.code, error.user_message) == ("resource_already_exists", "Coupon already exists.")


def test_a_promotion_code_names_its_coupon(shared_server: SandboxServer) -> None:
    """Lists find it by code, in any case, by coupon, customer and whether it is active."""
    server = shared_server
    code = _code(server, code="Welcome-1", restrictions={"first_time_transaction": True})
    assert_fits(code)
    coupon = code["promotion"]["coupon"]
    assert (code["active"], code["times_redeemed"]) == (True, 0)
    path = "/v1/promotion_codes"
    expanded = server.get(f"{path}/{code['id']}", **{"expand[0]": "promotion.coupon"})
    assert expanded["promotion"]["coupon"]["percent_off"] == 25.0
    for found in ({"code": "WELCOME-1"}, {"coupon": coupon}, {"coupon": coupon, "active": "true"}):
        assert [one["id"] for one in server.get(path, **found)["data"]] == [code["id"]]
    assert server.get(path, coupon=coupon, active="false")["data"] == []
    server.stripe.v1.promotion_codes.update(code["id"], {"active": False})
    assert server.get(path, coupon=coupon, active="true")["data"] == []
    assert len(_code(server)["code"]) == 8


@pytest.mark.parametrize(
    ("params", "message", "param"),
    [
        ({"promotion": {"type": "coupon", "coupon": "NONE"}}, "No such coupon: 'NONE'",
         "promotion[coupon]"),
        ({"promotion": {"type": "coupon"}}, "You must pass promotion.coupon", "promotion.coupon"),
        ({"code": "two words"}, "This value must match the regex pattern.", "code"),
        ({"code": "taken"}, "An active promotion code with `code: taken` already exists.", None),
        ({"customer": "cus_none"}, "No such customer: 'cus_none'", "customer"),
        ({"expires_at": 1000}, "The parameter `expires_at` expects", "expires_at"),
        ({"restrictions": {"minimum_amount": 5}}, "You must pass restrictions[minimum_amount_",
         "restrictions[minimum_amount_currency]"),
    ],
)  # fmt: skip
def test_a_promotion_code_that_makes_no_sense_is_refused(
    shared_server: SandboxServer, params: Any, message: str, param: str | None
) -> None:
    """In Stripe's words."""
    if (
        "taken" in str(params)
        and not shared_server.get("/v1/promotion_codes", code="TAKEN")["data"]
    ):
        _code(shared_server, code="TAKEN")
    error = refused(lambda: _code(shared_server, **params))
    assert str(error.user_message).startswith(message)
    assert getattr(error, "param", None) == param


def test_time_ends_both(server: SandboxServer) -> None:
    """A coupon that can no longer be redeemed takes its promotion codes with it."""
    now = server.sandbox.clock.now()
    coupon = _coupon(server, redeem_by=now + 7_200)["id"]
    codes = [
        _code(server, promotion={"type": "coupon", "coupon": coupon}, expires_at=now + 3_600),
        _code(server, promotion={"type": "coupon", "coupon": coupon}),
    ]
    states = []
    for _ in range(3):
        valid = server.get(f"/v1/coupons/{coupon}")["valid"]
        found = [server.get(f"/v1/promotion_codes/{code['id']}")["active"] for code in codes]
        states.append((valid, *found))
        server.advance(3_600)
    assert states == [(True, True, True), (True, False, True), (False, False, False)]
