"""Checkout links that are no longer, or never were, open."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.support.browsers.browser import OpenPage
from tests.support.browsers.checkout import PAID, choose_card, press_pay
from tests.support.stripe.storefront import Storefront


def test_an_expired_link_says_so(page: Page, storefront: Storefront) -> None:
    """An expired session shows no form, but a way back."""
    session = storefront.sell_credits()
    storefront.stripe.v1.checkout.sessions.expire(session.id)
    response = page.goto(f"{storefront.url}/sandbox/c/pay/{session.id}")

    assert response is not None
    assert response.status == 410
    expect(page.get_by_role("heading", level=1)).to_have_text("This link has expired")
    expect(page.get_by_role("textbox")).to_have_count(0)
    page.get_by_role("link", name="Return to the shop").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your basket")


def test_a_link_that_expires_while_it_is_open_says_so_on_paying(
    page: Page, storefront: Storefront
) -> None:
    """Paying too late shows what became of the session instead of a dead form."""
    session = storefront.sell_credits()
    storefront.visit(page, session)
    choose_card(page, PAID)
    storefront.stripe.v1.checkout.sessions.expire(session.id)
    press_pay(page)

    expect(page.get_by_role("heading", level=1)).to_have_text("This link has expired")


def test_a_paid_link_says_so(page: Page, storefront: Storefront) -> None:
    """Opened again after paying, the link offers the way to the shop and no second payment."""
    session = storefront.sell_credits()
    storefront.visit(page, session)
    choose_card(page, PAID)
    press_pay(page)
    storefront.expect_thanks(page, session)

    storefront.visit(page, session)
    expect(page.get_by_role("heading", level=1)).to_have_text("This has already been paid")
    page.get_by_role("link", name="Return to the shop").click()
    storefront.expect_thanks(page, session)


def test_two_tabs_pay_once(open_page: OpenPage, storefront: Storefront) -> None:
    """The second of two tabs learns that the first has paid."""
    session = storefront.sell_credits()
    first, second = open_page(), open_page()
    for page in (first, second):
        storefront.visit(page, session)
        choose_card(page, PAID)
    press_pay(first)
    storefront.expect_thanks(first, session)
    press_pay(second)

    expect(second.get_by_role("heading", level=1)).to_have_text("This has already been paid")
    assert len(storefront.completions(session.id)) == 1


def test_an_unknown_link_says_so(page: Page, storefront: Storefront) -> None:
    """An id that the sandbox does not know is said plainly."""
    response = page.goto(f"{storefront.url}/sandbox/c/pay/cs_test_unknown")

    assert response is not None
    assert response.status == 404
    expect(page.get_by_role("heading", level=1)).to_have_text("Checkout Session not found")
