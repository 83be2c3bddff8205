"""Which Checkout Sessions are refused, and in which words."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.support.stripe.sandbox_server import SandboxServer, price_of, refused

_RECURRING = (
    "You specified `payment` mode but passed a recurring price. Either switch to `subscription` "
    "mode or use only one-time prices."
)


_NOT_SIMULATED = (
    "The local sandbox does not simulate ui_mode=form. Leave it out, or use a Stripe sandbox."
)


_NONE_RECURRING = (
    "You must provide at least one recurring price in `subscription` mode when using prices."
)


@pytest.mark.parametrize(
    ("params", "message", "param", "code"),
    [
        ({"mode": None}, "Missing required param: mode.", "mode", "parameter_missing"),
        (
            {"success_url": None},
            "Missing required param: success_url.",
            "success_url",
            "parameter_missing",
        ),
        (
            {"line_items": None},
            "Missing required param: line_items.",
            "line_items",
            "parameter_missing",
        ),
        ({"line_items": [{"price": "PRO", "quantity": 1}]}, _RECURRING, "mode", None),
        (
            {"mode": "subscription", "line_items": [{"price": "CREDIT", "quantity": 1}]},
            _NONE_RECURRING,
            "line_items",
            None,
        ),
        (
            {"line_items": [{"price": "price_none", "quantity": 1}]},
            "No such price: 'price_none'",
            "line_items[0][price]",
            "resource_missing",
        ),
        (
            {"line_items": [{"price": "PRODUCT", "quantity": 1}]},
            "No such price: 'PRODUCT'",
            "line_items[0][price]",
            "resource_missing",
        ),
        (
            {"line_items": [{"price": "CREDIT"}]},
            "Quantity is required. Add `quantity` to `line_items[0]`",
            "line_items[0][quantity]",
            None,
        ),
        (
            {"line_items": [{"price": "CREDIT", "quantity": 0}]},
            "This value must be greater than or equal to 1.",
            "line_items[0][quantity]",
            "parameter_invalid_integer",
        ),
        (
            {"line_items": [{"price": "CREDIT", "quantity": 10**6}]},
            "This value must be less than or equal to 999999.",
            "line_items[0][quantity]",
            "parameter_invalid_integer",
        ),
        (
            {"line_items": [{"price": "CREDIT", "quantity": -3}]},
            "This value must be greater than or equal to 1.",
            "line_items[0][quantity]",
            "parameter_invalid_integer",
        ),
        (
            {"line_items": [{"price": "CENT", "quantity": 49}]},
            "The Checkout Session's total amount due must add up to at least $0.50 usd",
            None,
            "amount_too_small",
        ),
        ({"customer": "cus_none"}, "No such customer: 'cus_none'", "customer", "resource_missing"),
        (
            {"customer": "cus_none", "customer_email": "a@example.com"},
            "You may only specify one of these parameters: customer, customer_email.",
            "customer",
            "parameters_exclusive",
        ),
        (
            {"customer_email": "nobody"},
            "Invalid email address: nobody",
            "customer_email",
            "email_invalid",
        ),
        (
            {"success_url": "shop.example/thanks"},
            "Invalid URL: An explicit scheme (such as https) must be provided.",
            "success_url",
            "url_invalid",
        ),
        ({"success_url": "http://"}, "Not a valid URL", "success_url", "url_invalid"),
        ({"cancel_url": "javascript://x"}, "Not a valid URL", "cancel_url", "url_invalid"),
        (
            {"subscription_data": {"metadata": {"a": "b"}}},
            "You can not pass `subscription_data` in `payment` mode.",
            "subscription_data",
            None,
        ),
        (
            {"ui_mode": "form"},
            _NOT_SIMULATED,
            "ui_mode",
            "sandbox_not_simulated",
        ),
    ],
)
def test_a_wrong_session_is_refused(
    shared_server: SandboxServer,
    params: dict[str, Any],
    message: str,
    param: str | None,
    code: str | None,
) -> None:
    """Each mistake gets Stripe's message, param and code, and no session is made."""
    product = shared_server.stripe.v1.prices.retrieve(shared_server.credit).product
    names = {
        "PRO": shared_server.pro,
        "CREDIT": shared_server.credit,
        "PRODUCT": str(product),
        "CENT": _cent(shared_server),
    }
    for item in params.get("line_items") or ():
        item["price"] = names.get(item["price"], item["price"])
    before = shared_server.get("/v1/checkout/sessions", limit=1)["data"]
    error = refused(lambda: shared_server.create(**params))
    assert isinstance(error, stripe.InvalidRequestError)
    assert error.user_message == message.replace("PRODUCT", names["PRODUCT"])
    assert (error.http_status, error.param, error.code) == (400, param, code)
    assert shared_server.get("/v1/checkout/sessions", limit=1)["data"] == before


def _cent(server: SandboxServer) -> str:
    return price_of(server.sandbox, "cent", "Cent", 1)


def test_the_least_amount_is_taken(shared_server: SandboxServer) -> None:
    """$0.50 is enough."""
    assert (
        shared_server.create(
            line_items=[{"price": _cent(shared_server), "quantity": 50}]
        ).amount_total
        == 50
    )


def test_an_archived_price_or_product_sells_no_more(shared_server: SandboxServer) -> None:
    """Inactive prices and products are refused for new sessions."""
    price = shared_server.stripe.v1.prices.create(
        params={"currency": "usd", "unit_amount": 100, "product_data": {"name": "Old"}}
    )
    items = [{"price": price.id, "quantity": 1}]
    shared_server.stripe.v1.products.update(str(price.product), params={"active": False})
    error = refused(lambda: shared_server.create(line_items=items))
    assert "its product is not active" in str(error.user_message)
    shared_server.stripe.v1.prices.update(price.id, params={"active": False})
    error = refused(lambda: shared_server.create(line_items=items))
    assert "The price specified is inactive" in str(error.user_message)


def test_currencies_do_not_mix(shared_server: SandboxServer) -> None:
    """All lines have one currency."""
    euro = {"currency": "eur", "unit_amount": 100, "product_data": {"name": "Euro"}}
    items = [{"price": shared_server.credit, "quantity": 1}, {"price_data": euro, "quantity": 1}]
    assert "same currency" in str(
        refused(lambda: shared_server.create(line_items=items)).user_message
    )


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1_799, "must be at least 30 minutes from"),
        (1_800, None),
        (86_400, None),
        (86_401, "must be less than 24 hours from"),
    ],
)
def test_a_session_lives_half_an_hour_to_a_day(
    shared_server: SandboxServer, seconds: int, words: str | None
) -> None:
    """`expires_at` out of the range is refused, its ends are taken."""
    moment = shared_server.clock.now() + seconds
    if words is None:
        assert shared_server.create(expires_at=moment).expires_at == moment
    else:
        error = refused(lambda: shared_server.create(expires_at=moment))
        assert isinstance(error, stripe.InvalidRequestError)
        assert error.param == "expires_at"
        assert words in str(error.user_message)
