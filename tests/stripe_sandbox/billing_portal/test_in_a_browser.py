"""The customer portal in a browser: cancel, keep, change the card, pay an invoice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.stripe_sandbox.billing_portal.test_plan_changes import Shop
from tests.support.browsers.accessibility import check
from tests.support.browsers.browser import DESKTOP, PHONE, OpenPage
from tests.support.browsers.checkout import PAID, choose_card
from tests.support.stripe.storefront import Storefront, open_storefront

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def storefront(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storefront]:
    with open_storefront(tmp_path_factory.mktemp("shop")) as storefront:
        yield storefront


@pytest.mark.parametrize(("size", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")])
def test_a_customer_finds_the_way_by_links_and_buttons(
    open_page: OpenPage, storefront: Storefront, size: tuple[int, int], scheme: Any
) -> None:
    """Each page on the way is accessible, on a desk and on a phone."""
    server = storefront.server
    subscription = server.paid_subscription("4000000000000341")
    end = subscription["items"]["data"][0]["current_period_end"]
    server.advance(end + 3_600 - server.sandbox.clock.now())
    session = server.stripe.v1.billing_portal.sessions.create(
        {"customer": subscription["customer"], "return_url": f"{storefront.url}/basket"}
    )
    page = open_page(size, color_scheme=scheme)

    page.goto(session.url)
    expect(page.get_by_role("article")).to_contain_text("Payment overdue")
    check(page)
    page.get_by_role("link", name="Change card").click()
    check(page)
    page.get_by_role("button", name="Save card").click()
    expect(page.get_by_text("Enter your card number.")).to_be_visible()
    check(page)
    choose_card(page, PAID)
    page.get_by_role("button", name="Save card").click()
    expect(page.get_by_role("status")).to_have_text("Your payment method has been updated.")

    page.get_by_role("link", name="Pay ").click()
    check(page)
    choose_card(page, PAID)
    page.get_by_role("button", name="Pay $99.00").click()
    expect(page.get_by_text("Paid", exact=True)).to_be_visible()
    check(page)

    page.goto(session.url)
    page.get_by_role("link", name="Cancel subscription").click()
    page.get_by_label("I don't use it enough").check()
    check(page)
    page.get_by_role("button", name="Cancel subscription").click()
    expect(page.get_by_role("article")).to_contain_text("Your subscription ends on")
    check(page)
    page.get_by_role("button", name="Keep subscription").click()
    expect(page.get_by_role("article")).to_contain_text("Your subscription renews on")
    page.get_by_role("link", name="Return to the shop").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your basket")


def test_a_flow_leads_back_to_the_shop(open_page: OpenPage, storefront: Storefront) -> None:
    subscription = storefront.server.paid_subscription()
    session = storefront.stripe.v1.billing_portal.sessions.create(
        {
            "customer": subscription["customer"],
            "flow_data": {
                "type": "subscription_cancel",
                "subscription_cancel": {"subscription": subscription["id"]},
                "after_completion": {
                    "type": "redirect",
                    "redirect": {"return_url": f"{storefront.url}/thanks"},
                },
            },
        }
    )
    page = open_page(DESKTOP)
    page.goto(session.url)
    page.get_by_role("button", name="Cancel subscription").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")


@pytest.mark.parametrize(("size", "scheme"), [(DESKTOP, "dark"), (PHONE, "light")])
def test_a_customer_changes_the_plan_once_its_price_is_seen(
    open_page: OpenPage, storefront: Storefront, size: tuple[int, int], scheme: Any
) -> None:
    shop = Shop(storefront.server)
    page = open_page(size, color_scheme=scheme)

    page.goto(shop.portal().url)
    page.get_by_role("link", name="Update subscription").click()
    check(page)
    page.get_by_label("Team plan").check()
    page.get_by_role("button", name="Continue").click()
    check(page)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("article")).to_contain_text("Team plan")
    check(page)
