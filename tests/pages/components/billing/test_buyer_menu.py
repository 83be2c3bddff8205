"""Selling to somebody known through AppTest, on real services in front of the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from billing.domain.sessions.checkout_session import Kind
from pages.components.billing.buyer_menu import MENU
from tests.support.browsers.pages import alerts, open_page, press, run, text_of
from tests.support.servers.sales import GOOD_CARD, PAYER
from tests.support.servers.shop import Shop, open_shop
from tests.support.servers.sold import sell

if TYPE_CHECKING:
    from collections.abc import Iterator

    import stripe
    from streamlit.testing.v1 import AppTest


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop in which ``PAYER`` has Pro."""
    with open_shop(tmp_path_factory.mktemp("shop")) as opened:
        sell(opened, Kind.PRO)
        yield opened


def customer_of(shop: Shop) -> str:
    """The id of the Customer that has Pro."""
    return shop.stripe.v1.customers.list({"email": PAYER.email}).data[0].id


def newest(shop: Shop) -> stripe.checkout.Session:
    return shop.stripe.v1.checkout.sessions.list({"limit": 1}).data[0]


def open_menu(page: AppTest, search: str = "") -> AppTest:
    page.session_state[MENU] = True
    run(page)
    if search:
        page.text_input(key="buyer_search").set_value(search)
        run(page)
    return page


def choose(page: AppTest, option: str) -> AppTest:
    (choice,) = page.radio
    choice.set_value(option)
    run(page)
    return page


def test_the_usual_path_has_no_list_of_customers(shared: Shop) -> None:
    page = open_page(shared.server)
    assert not page.radio
    assert not alerts(page)
    press(page, "pay_credits")
    assert newest(shared).customer is newest(shared).customer_email is None


def test_a_known_customer_is_found_and_what_is_bought_is_theirs(shared: Shop) -> None:
    page = open_menu(open_page(shared.server), PAYER.email[:8].upper())
    assert page.radio[0].options == ["New customer", f"`{PAYER.email}`"]
    customer = customer_of(shared)
    choose(page, customer)
    assert page.query_params["customer"] == customer
    assert not page.radio  # the list has closed
    press(page, "pay_credits")
    assert newest(shared).customer == customer


def test_who_has_pro_is_not_sold_it_and_can_be_helped_there(shared: Shop) -> None:
    customer = customer_of(shared)
    page = open_page(shared.server, customer=customer)
    (shown,) = alerts(page)["info"]
    assert f"`{PAYER.email}` already has the Pro plan" in shown
    assert "active until" in shown
    keys = {button.key for button in page.button}
    assert "pay_pro" not in keys
    assert "pay_credits" in keys
    (details,) = (link for link in page.get("page_link") if link.proto.label == "Details")
    assert details.proto.query_string == f"customer={customer}"
    subscription = shared.stripe.v1.subscriptions.list({"customer": customer}).data[0].id
    assert f"action_{subscription}" in keys
    choose(open_menu(page), "")
    assert "customer" not in page.query_params
    assert page.button(key="pay_pro").label == "PAY WITH CARD ($99/MO)"


def test_an_email_that_nobody_known_has_is_sold_to(shared: Shop) -> None:
    page = open_menu(open_page(shared.server), "new@example.com")
    assert page.radio[0].options == ["New customer", "`new@example.com`"]
    choose(page, "new@example.com")
    press(page, "pay_pro")
    assert newest(shared).customer_email == "new@example.com"


def test_a_search_without_a_match_says_so(shared: Shop) -> None:
    page = open_menu(open_page(shared.server), "zebra")
    assert page.radio[0].options == ["New customer"]
    assert "No customer is found by that." in text_of(page)


def test_choosing_somebody_else_leaves_what_was_ordered_before(shared: Shop) -> None:
    page = open_page(shared.server)
    press(page, "pay_credits")
    assert "pay_credits" not in {button.key for button in page.button}
    choose(open_menu(page), customer_of(shared))
    assert not page.button(key="pay_credits").disabled


def test_somebody_that_stripe_does_not_know_is_sold_nothing(shared: Shop) -> None:
    page = open_page(shared.server, customer="cus_nobody")
    press(page, "pay_pro")
    (error,) = alerts(page)["error"]
    assert "Stripe knows no Customer cus\\_nobody" in error


def test_who_bought_pro_in_another_window_is_not_sold_it_again(shop: Shop) -> None:
    customer = shop.stripe.v1.customers.create({"email": "two@example.com"}).id
    page = open_page(shop.server, customer=customer)
    assert not page.button(key="pay_pro").disabled
    first = shop.stripe.v1.checkout.sessions.create(
        {
            "mode": "subscription",
            "customer": customer,
            "line_items": [
                {"price": shop.services.settings.price_pro_monthly or "", "quantity": 1}
            ],
            "success_url": "https://example.com",
        }
    )
    shop.sandbox.payments.pay(first.id, GOOD_CARD, PAYER)
    press(page, "pay_pro")
    (error,) = alerts(page)["error"]
    assert "already has a subscription to the Pro plan" in error
