"""What the Checkout page shows, and how it fits a desk and a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.support.browsers.browser import DESKTOP, PHONE, OpenPage
from tests.support.stripe.storefront import Storefront


def test_the_order_is_reported_in_full(page: Page, storefront: Storefront) -> None:
    """One side says what is bought, how many, for how much each and in all."""
    storefront.visit(page, storefront.sell_credits(10))

    order = page.get_by_role("region", name="Order")
    expect(order.get_by_role("heading", level=1)).to_have_text("Pay for Extra load credits")
    expect(order).to_contain_text("10 \N{MULTIPLICATION SIGN} $0.99")
    expect(order).to_contain_text("Total due $9.90")
    expect(page.get_by_role("button", name="Pay $9.90")).to_be_visible()
    expect(page.get_by_role("complementary")).to_contain_text("no money moves")


def test_a_subscription_says_what_it_costs_a_month(page: Page, storefront: Storefront) -> None:
    """A subscription is called one, with its price a month."""
    storefront.visit(page, storefront.sell_pro())

    order = page.get_by_role("region", name="Order")
    expect(order.get_by_role("heading", level=1)).to_have_text("Subscribe to Pro plan")
    expect(order).to_contain_text("$99.00 per month")
    expect(order).to_contain_text("Everything, without limits.")
    expect(page.get_by_role("button", name="Subscribe")).to_be_visible()


def test_hostile_names_are_shown_as_text(page: Page, storefront: Storefront) -> None:
    """Markup in a product's name is text on the page; nothing in it runs."""
    hostile = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'{{7*7}}"
    price = storefront.price_of(hostile)
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    storefront.visit(page, storefront.sell_credits(line_items=[{"price": price, "quantity": 1}]))

    heading = page.get_by_role("region", name="Order").get_by_role("heading", level=1)
    expect(heading).to_have_text(f"Pay for {hostile}")
    assert page.locator("main img, main script").count() == 0
    assert not dialogs


@pytest.mark.parametrize("size", [PHONE, (320, 640)])
def test_a_phone_shows_one_column_without_sideways_scrolling(
    open_page: OpenPage, storefront: Storefront, size: tuple[int, int]
) -> None:
    """On a phone the form lies below the order, and everything fits the width."""
    page = open_page(size, color_scheme="dark")
    price = storefront.price_of("Extraordinarily" * 12, unit_amount=99_999_999)
    storefront.visit(page, storefront.sell_credits(line_items=[{"price": price, "quantity": 1}]))

    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    order = page.get_by_role("region", name="Order").bounding_box()
    form = page.get_by_role("region", name="Payment details").bounding_box()
    assert order is not None
    assert form is not None
    assert form["y"] >= order["y"] + order["height"]


def test_a_desk_shows_two_columns(open_page: OpenPage, storefront: Storefront) -> None:
    """On a desk the order and the form stand side by side."""
    page = open_page(DESKTOP)
    storefront.visit(page, storefront.sell_credits())

    order = page.get_by_role("region", name="Order").bounding_box()
    form = page.get_by_role("region", name="Payment details").bounding_box()
    assert order is not None
    assert form is not None
    assert form["x"] >= order["x"] + order["width"]
    assert form["y"] == order["y"]
