"""Checkout Sessions: what they are made of, what is refused, how they end."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from stripe_sandbox.payments.checkout import Paid
from tests.stripe_sandbox.conftest import Box, price_of, refused


def test_an_open_session(shared: Box) -> None:
    """It knows its total, its end, its link; no payment yet."""
    session = shared.create(metadata={"who": "me"}, client_reference_id="cart-7")
    assert session.id.startswith("cs_test_")
    assert (session.status, session.payment_status, session.mode) == ("open", "unpaid", "payment")
    assert (session.amount_subtotal, session.amount_total, session.currency) == (297, 297, "usd")
    assert session.expires_at == session.created + 86_400
    assert session.payment_intent is None
    assert session.customer is None
    assert session.customer_creation == "if_required"
    assert session.ui_mode == "hosted_page"
    assert session.livemode is False
    assert session.metadata is not None
    assert session.metadata.to_dict() == {"who": "me"}
    assert session.client_reference_id == "cart-7"
    assert session.url is not None
    assert session.url.startswith(f"{shared.url}/c/pay/{session.id}#")
    assert "line_items" not in session.to_dict()
    names = list(shared.get(f"/v1/checkout/sessions/{session.id}"))
    assert names == ["id", "object", *sorted(set(names) - {"id", "object"})]


def test_a_subscription_session(shared: Box) -> None:
    """It makes a customer always and collects a card always."""
    session = shared.subscribe()
    assert (session.mode, session.amount_total) == ("subscription", 9900)
    assert session.customer_creation == "always"
    assert session.payment_method_collection == "always"
    assert session.subscription is None


def test_prices_may_be_made_inline(shared: Box) -> None:
    """`price_data` makes a price and a product that nobody else can use."""
    session = shared.create(
        line_items=[
            {
                "price_data": {
                    "currency": "EUR",
                    "unit_amount": 250,
                    "product_data": {"name": "Cake", "description": "A slice"},
                },
                "quantity": 2,
            }
        ]
    )
    assert (session.amount_total, session.currency) == (500, "eur")
    [item] = shared.stripe.v1.checkout.sessions.line_items.list(session.id).data
    assert (item.description, item.quantity, item.amount_total) == ("Cake", 2, 500)
    assert item.price is not None
    assert item.price.active is False
    items = [{"price": item.price.id, "quantity": 1}]
    error = refused(lambda: shared.create(line_items=items))
    assert "inactive" in str(error.user_message)


def test_a_known_customer(shared: Box) -> None:
    """The session shows the customer and their address."""
    customer = shared.stripe.v1.customers.create(params={"email": "known@example.com"})
    session = shared.create(customer=customer.id)
    assert session.customer == customer.id
    assert session.customer_creation is None
    assert session.customer_details is not None
    assert session.customer_details.email == "known@example.com"


_RECURRING = (
    "You specified `payment` mode but passed a recurring price. Either switch to `subscription` "
    "mode or use only one-time prices."
)
_NOT_SIMULATED = (
    "The local sandbox does not simulate ui_mode=embedded_page. Leave it "
    "out, or use a Stripe sandbox."
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
            {"ui_mode": "embedded_page"},
            _NOT_SIMULATED,
            "ui_mode",
            "sandbox_not_simulated",
        ),
    ],
)
def test_a_wrong_session_is_refused(
    shared: Box, params: dict[str, Any], message: str, param: str | None, code: str | None
) -> None:
    """Each mistake gets Stripe's message, param and code, and no session is made."""
    product = shared.stripe.v1.prices.retrieve(shared.credit).product
    names = {
        "PRO": shared.pro,
        "CREDIT": shared.credit,
        "PRODUCT": str(product),
        "CENT": _cent(shared),
    }
    for item in params.get("line_items") or ():
        item["price"] = names.get(item["price"], item["price"])
    before = shared.get("/v1/checkout/sessions", limit=1)["data"]
    error = refused(lambda: shared.create(**params))
    assert isinstance(error, stripe.InvalidRequestError)
    assert error.user_message == message.replace("PRODUCT", names["PRODUCT"])
    assert (error.http_status, error.param, error.code) == (400, param, code)
    assert shared.get("/v1/checkout/sessions", limit=1)["data"] == before


def _cent(box: Box) -> str:
    return price_of(box.sandbox, "cent", "Cent", 1)


def test_the_least_amount_is_taken(shared: Box) -> None:
    """$0.50 is enough."""
    assert shared.create(line_items=[{"price": _cent(shared), "quantity": 50}]).amount_total == 50


def test_an_archived_price_or_product_sells_no_more(shared: Box) -> None:
    """Inactive prices and products are refused for new sessions."""
    price = shared.stripe.v1.prices.create(
        params={"currency": "usd", "unit_amount": 100, "product_data": {"name": "Old"}}
    )
    items = [{"price": price.id, "quantity": 1}]
    shared.stripe.v1.products.update(str(price.product), params={"active": False})
    error = refused(lambda: shared.create(line_items=items))
    assert "its product is not active" in str(error.user_message)
    shared.stripe.v1.prices.update(price.id, params={"active": False})
    error = refused(lambda: shared.create(line_items=items))
    assert "The price specified is inactive" in str(error.user_message)


def test_currencies_do_not_mix(shared: Box) -> None:
    """All lines have one currency."""
    euro = {"currency": "eur", "unit_amount": 100, "product_data": {"name": "Euro"}}
    items = [{"price": shared.credit, "quantity": 1}, {"price_data": euro, "quantity": 1}]
    assert "same currency" in str(refused(lambda: shared.create(line_items=items)).user_message)


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
    shared: Box, seconds: int, words: str | None
) -> None:
    """`expires_at` out of the range is refused, its ends are taken."""
    moment = shared.clock.now() + seconds
    if words is None:
        assert shared.create(expires_at=moment).expires_at == moment
    else:
        error = refused(lambda: shared.create(expires_at=moment))
        assert isinstance(error, stripe.InvalidRequestError)
        assert error.param == "expires_at"
        assert words in str(error.user_message)


def test_expiring_ends_an_open_session(box: Box) -> None:
    """It loses its link, the event reports it, and a second time is refused."""
    sessions = box.stripe.v1.checkout.sessions
    session = box.create()
    expired = sessions.expire(session.id)
    assert (expired.status, expired.url, expired.payment_status) == ("expired", None, "unpaid")
    [event] = box.get("/v1/events", type="checkout.session.expired")["data"]
    assert event["data"]["object"] == expired.to_dict()
    assert event["request"]["id"].startswith("req_")
    error = refused(lambda: sessions.expire(session.id))
    assert error.user_message == (
        'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session '
        "has a status of `expired`."
    )


def test_a_paid_session_cannot_be_expired(box: Box) -> None:
    """What is complete stays so."""
    session = box.create()
    assert isinstance(box.pay(session.id), Paid)
    error = refused(lambda: box.stripe.v1.checkout.sessions.expire(session.id))
    assert "has a status of `complete`" in str(error.user_message)


def test_time_expires_a_session(box: Box) -> None:
    """From `expires_at` on it is expired: when it is read, when it is listed, and by itself."""
    read, listed, alone = (box.create(expires_at=box.clock.now() + 1_800) for _ in range(3))
    box.clock.advance(1_799)
    assert box.stripe.v1.checkout.sessions.retrieve(read.id).status == "open"
    box.clock.advance(1)
    assert box.stripe.v1.checkout.sessions.retrieve(read.id).status == "expired"
    expired = box.stripe.v1.checkout.sessions.list(params={"status": "expired"}).data
    assert {session.id for session in expired} == {read.id, listed.id, alone.id}
    events = box.get("/v1/events", type="checkout.session.expired")["data"]
    assert {event["data"]["object"]["id"] for event in events} == {read.id, listed.id, alone.id}
    assert all(event["request"]["id"] is None for event in events)


def test_metadata_may_change_later(shared: Box) -> None:
    """An update merges metadata and changes nothing else."""
    session = shared.create(metadata={"a": "1", "b": "2"})
    updated = shared.stripe.v1.checkout.sessions.update(
        session.id, params={"metadata": {"a": "", "c": "3"}}
    )
    assert updated.to_dict() == {**session.to_dict(), "metadata": {"b": "2", "c": "3"}}


def test_line_items_are_listed_in_their_order(shared: Box) -> None:
    """With cursors both ways; expanded, the first ten of them."""
    items = [
        {
            "price_data": {
                "currency": "usd",
                "unit_amount": 100 + index,
                "product_data": {"name": f"Item {index}"},
            },
            "quantity": 1,
        }
        for index in range(12)
    ]
    session = shared.create(line_items=items)
    service = shared.stripe.v1.checkout.sessions.line_items
    listed = list(service.list(session.id, params={"limit": 5}).auto_paging_iter())
    assert [item.description for item in listed] == [f"Item {index}" for index in range(12)]
    back = service.list(session.id, params={"limit": 2, "ending_before": listed[5].id})
    assert ([item.id for item in back.data], back.has_more) == ([listed[3].id, listed[4].id], True)
    expanded = shared.stripe.v1.checkout.sessions.retrieve(
        session.id, params={"expand": ["line_items"]}
    )
    assert expanded.line_items is not None
    assert (len(expanded.line_items.data), expanded.line_items.has_more) == (10, True)


def test_a_session_is_created_from_a_form_with_empty_brackets(shared: Box) -> None:
    """As Stripe's own curl examples write it: two line items, each with price and quantity."""
    items = [
        ("price", shared.credit),
        ("quantity", "2"),
        ("price", shared.credit),
        ("quantity", "5"),
    ]
    form = [(f"line_items[][{name}]", value) for name, value in items]
    form += [("mode", "payment"), ("success_url", "http://shop.example/")]
    answer = shared.post("/v1/checkout/sessions", form)
    assert answer.status_code == 200, answer.text
    lines = shared.get(f"/v1/checkout/sessions/{answer.json()['id']}/line_items")["data"]
    assert [line["quantity"] for line in lines] == [2, 5]
