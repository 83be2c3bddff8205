"""Products, Prices: made, changed, listed, as Stripe does."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.support.stripe.sandbox_server import SandboxServer, refused
from tests.support.stripe.stripe_types import assert_fits


def _price(server: SandboxServer, **params: Any) -> stripe.Price:
    given = {"currency": "usd", "unit_amount": 500, "product_data": {"name": "Tea"}, **params}
    return server.stripe.v1.prices.create(params=given)  # type: ignore[arg-type]  # also wrong ones


def test_a_product_is_made_changed_and_read(shared_server: SandboxServer) -> None:
    """Fields given are stored; an update changes those it names and no other."""
    products = shared_server.stripe.v1.products
    made = products.create(
        params={"name": "Tea", "description": "Green", "metadata": {"a": "1", "b": "2"}}
    )
    products.update(made.id, params={"active": False, "metadata": {"a": "", "c": "3"}})
    read = products.retrieve(made.id)
    assert (read.name, read.description, read.active) == ("Tea", "Green", False)
    assert read.metadata.to_dict() == {"b": "2", "c": "3"}
    products.update(made.id, params={"metadata": "", "description": ""})
    read = products.retrieve(made.id)
    assert read.metadata.to_dict() == {}
    assert read.description is None


def test_a_product_may_choose_its_id_once(shared_server: SandboxServer) -> None:
    """An id of one's own is taken; a second time it is refused."""
    products = shared_server.stripe.v1.products
    assert products.create(params={"id": "tea", "name": "Tea"}).id == "tea"
    error = refused(lambda: products.create(params={"id": "tea", "name": "Tea"}))
    assert error.code == "resource_already_exists"


def test_products_are_listed_by_activity_and_ids(shared_server: SandboxServer) -> None:
    """`active` and `ids` filter, the newest comes first."""
    products = shared_server.stripe.v1.products
    made = [products.create(params={"name": f"P{index}"}) for index in range(3)]
    products.update(made[1].id, params={"active": False})
    ids = [product.id for product in made]
    listed = products.list(params={"ids": ids})
    assert [product.id for product in listed.data] == ids[::-1]
    inactive = products.list(params={"active": False, "ids": ids})
    assert [product.id for product in inactive.data] == [ids[1]]


def test_a_default_price_belongs_to_its_product(shared_server: SandboxServer) -> None:
    """Another product's price is refused, and that the default is archived."""
    price = _price(shared_server)
    other = shared_server.stripe.v1.products.create(params={"name": "Other"})
    update = shared_server.stripe.v1.products.update
    assert update(str(price.product), params={"default_price": price.id}).default_price == price.id
    assert refused(lambda: update(other.id, params={"default_price": price.id})).http_status == 400
    archive = shared_server.stripe.v1.prices.update
    error = refused(lambda: archive(price.id, {"active": False}))
    assert "default price of its product" in str(error.user_message)
    second = shared_server.stripe.v1.prices.create(
        {"currency": "usd", "unit_amount": 600, "product": str(price.product)}
    )
    update(str(price.product), params={"default_price": second.id})
    assert not archive(price.id, {"active": False}).active


def test_a_price_is_one_time_or_recurring(shared_server: SandboxServer) -> None:
    """`recurring` makes it recurring, monthly counts as one month."""
    once = _price(shared_server)
    assert (once.type, once.recurring) == ("one_time", None)
    assert once.unit_amount_decimal == 500
    monthly = _price(shared_server, recurring={"interval": "month"})
    assert monthly.type == "recurring"
    assert monthly.recurring is not None
    assert (monthly.recurring.interval, monthly.recurring.interval_count) == ("month", 1)


@pytest.mark.parametrize(
    ("params", "param", "code"),
    [
        ({"currency": "xyz"}, "currency", None),
        ({"unit_amount": -1}, "unit_amount", "parameter_invalid_integer"),
        ({"unit_amount": 10**9}, "unit_amount", "parameter_invalid_integer"),
        ({"product": "prod_none"}, "product", "parameters_exclusive"),
        ({"recurring": {"interval": "decade"}}, "recurring[interval]", None),
        (
            {"recurring": {"interval": "month", "interval_count": 37}},
            "recurring[interval_count]",
            None,
        ),
        (
            {"recurring": {"interval": "month", "interval_count": 0}},
            "recurring[interval_count]",
            "parameter_invalid_integer",
        ),
        ({"billing_scheme": "tiered"}, "billing_scheme", "sandbox_not_simulated"),
    ],
)
def test_a_wrong_price_is_refused(
    shared_server: SandboxServer, params: dict[str, Any], param: str, code: str | None
) -> None:
    """Currency, amount, product and interval are checked; the param is named."""
    error = refused(lambda: _price(shared_server, **params))
    assert isinstance(error, stripe.InvalidRequestError)
    assert (error.param, error.code) == (param, code)


def test_a_price_needs_an_amount_and_a_product(shared_server: SandboxServer) -> None:
    """Without them it is refused; an unknown product, too."""
    prices = shared_server.stripe.v1.prices
    for params, param in (
        ({"currency": "usd", "product_data": {"name": "x"}}, "unit_amount"),
        ({"currency": "usd", "unit_amount": 1}, "product"),
        ({"currency": "usd", "unit_amount": 1, "product": "prod_none"}, "product"),
    ):
        error = refused(lambda params=params: prices.create(params=params))  # type: ignore[misc]
        assert isinstance(error, stripe.InvalidRequestError)
        assert error.param == param


def test_a_lookup_key_is_unique_until_it_is_transferred(shared_server: SandboxServer) -> None:
    """A taken key is refused; with `transfer_lookup_key` it moves to the new price."""
    first = _price(shared_server, lookup_key="standard")
    assert refused(lambda: _price(shared_server, lookup_key="standard")).http_status == 400
    second = _price(shared_server, lookup_key="standard", transfer_lookup_key=True)
    found = shared_server.stripe.v1.prices.list(params={"lookup_keys": ["standard", "none"]}).data
    assert [price.id for price in found] == [second.id]
    assert shared_server.stripe.v1.prices.retrieve(first.id).lookup_key is None


def test_prices_are_listed_by_every_filter(shared_server: SandboxServer) -> None:
    """Product, type, currency, activity and interval each narrow the list."""
    product = shared_server.stripe.v1.products.create(params={"name": "All"}).id
    once = _price(shared_server, product=product, product_data=None)
    euro = _price(shared_server, product=product, product_data=None, currency="EUR")
    yearly = _price(
        shared_server, product=product, product_data=None, recurring={"interval": "year"}
    )
    shared_server.stripe.v1.prices.update(once.id, params={"active": False})

    def listed(**filters: Any) -> list[str]:
        found = shared_server.stripe.v1.prices.list(params={"product": product, **filters})  # type: ignore[arg-type]
        return [price.id for price in found.data]

    assert listed() == [yearly.id, euro.id, once.id]
    assert listed(active=False) == [once.id]
    assert listed(currency="eur") == [euro.id]
    assert listed(type="recurring") == [yearly.id]
    assert listed(recurring={"interval": "year"}) == [yearly.id]
    assert listed(recurring={"interval": "month"}) == []


def test_a_product_may_come_with_its_default_price(shared_server: SandboxServer) -> None:
    """The price is the product's default, in the answer and in the events."""
    known = shared_server.event_types()
    data: Any = {
        "currency": "usd",
        "unit_amount": 900,
        "recurring": {"interval": "month"},
        "currency_options": {"eur": {"unit_amount": 800}},
    }
    product = shared_server.stripe.v1.products.create(
        {"name": "Plan", "default_price_data": data, "expand": ["default_price.currency_options"]}
    ).to_dict()
    price = product["default_price"]
    assert (price["product"], price["unit_amount"], price["type"]) == (
        product["id"], 900, "recurring",
    )  # fmt: skip
    amounts = {name: option["unit_amount"] for name, option in price["currency_options"].items()}
    assert amounts == {"usd": 900, "eur": 800}
    assert_fits(shared_server.get(f"/v1/prices/{price['id']}", **{"expand[0]": "currency_options"}))
    assert shared_server.event_types_since(known) == [
        "product.created", "price.created", "product.updated",
    ]  # fmt: skip
    error = refused(
        lambda: shared_server.stripe.v1.products.create(
            {"name": "Plan", "default_price_data": {"currency": "usd"}}
        )
    )
    assert error.user_message == "Missing required param: default_price_data[unit_amount]."


def test_a_session_sells_in_a_currency_that_its_price_has(shared_server: SandboxServer) -> None:
    """What a session's `currency` names is charged, for a subscription also at its renewal."""
    options: Any = {"eur": {"unit_amount": 800}}
    price = shared_server.stripe.v1.prices.create(
        {
            "currency": "usd",
            "unit_amount": 900,
            "currency_options": options,
            "product_data": {"name": "Plan"},
            "recurring": {"interval": "month"},
        }
    )
    items = [{"price": price.id, "quantity": 1}]
    assert shared_server.subscribe(line_items=items).currency == "usd"
    subscription = shared_server.paid_subscription(line_items=items, currency="eur")
    end = subscription["items"]["data"][0]["current_period_end"]
    shared_server.advance(end - shared_server.sandbox.clock.now() + 3_600)
    invoices = shared_server.get("/v1/invoices", subscription=subscription["id"])["data"]
    assert [(one["currency"], one["amount_paid"]) for one in invoices] == [("eur", 800)] * 2
    error = refused(lambda: shared_server.subscribe(line_items=items, currency="gbp"))
    assert error.user_message == (
        "The price specified only supports `usd`. This doesn't match the expected currency: `gbp`."
    )
    shared_server.stripe.v1.prices.update(
        price.id, {"currency_options": {"gbp": {"unit_amount": 700}}}
    )
    assert shared_server.subscribe(line_items=items, currency="gbp").amount_total == 700
    tiers: Any = {"chf": {"tiers": [{"up_to": "inf", "unit_amount": 1}]}}
    error = refused(
        lambda: shared_server.stripe.v1.prices.update(price.id, {"currency_options": tiers})
    )
    assert error.code == "sandbox_not_simulated"
