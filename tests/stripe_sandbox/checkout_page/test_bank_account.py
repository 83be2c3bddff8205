"""Paying from a US bank account on the Checkout page: complete at once, paid or failed later."""

from __future__ import annotations

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.support.browsers.browser import PHONE, OpenPage
from tests.support.browsers.checkout import (
    INSUFFICIENT_FUNDS,
    MONEY_COMES_LATER,
    MONEY_NEVER_COMES,
    choose_card,
    press_pay,
    type_along,
)
from tests.support.stripe.storefront import Storefront


def statuses(storefront: Storefront, identifier: str) -> tuple[str | None, str]:
    session = storefront.session(identifier)
    return session.status, session.payment_status


def let_the_bank_answer(storefront: Storefront) -> None:
    requests.post(
        f"{storefront.url}/sandbox/_control/clock",
        headers={"Authorization": "Bearer sk_test_x"},
        json={"advance_seconds": 20},
        timeout=10,
    ).raise_for_status()


@pytest.mark.parametrize(
    ("account", "payment_status"), [(MONEY_COMES_LATER, "paid"), (MONEY_NEVER_COMES, "unpaid")]
)
@pytest.mark.parametrize("sell", ["sell_credits", "sell_pro"])
def test_the_money_comes_or_not_after_the_customer_is_back(
    page: Page, storefront: Storefront, sell: str, account: str, payment_status: str
) -> None:
    """One press fills the form, one leads back with the session unpaid; then the bank answers."""
    session = getattr(storefront, sell)()
    storefront.visit(page, session)
    choose_card(page, account)
    expect(page.get_by_role("radio", name="US bank account")).to_be_checked()
    press_pay(page)

    storefront.expect_thanks(page, session)
    assert statuses(storefront, session.id) == ("complete", "unpaid")
    assert len(storefront.completions(session.id)) == 1
    let_the_bank_answer(storefront)
    assert statuses(storefront, session.id) == ("complete", payment_status)


def test_a_card_can_still_be_chosen_instead(page: Page, storefront: Storefront) -> None:
    """The form asks for what the chosen method needs, and forgets what was wrong with the other."""
    storefront.visit(page, storefront.sell_credits())
    expect(page.get_by_label("Routing number")).to_be_hidden()
    page.get_by_role("radio", name="US bank account").check()
    expect(page.get_by_label("Card number")).to_be_hidden()
    expect(page.get_by_label("Country or region")).to_be_hidden()
    press_pay(page)
    expect(page.get_by_text("Enter your bank's routing number.")).to_be_visible()
    expect(page.get_by_text("Enter the account holder's name.")).to_be_visible()

    choose_card(page, INSUFFICIENT_FUNDS)
    expect(page.get_by_text("Enter the account holder's name.")).to_be_hidden()
    press_pay(page)
    expect(page.get_by_role("alert")).to_have_text("Your card has insufficient funds.")
    page.get_by_role("radio", name="US bank account").check()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_an_account_that_is_no_test_account_is_refused_in_place(
    page: Page, storefront: Storefront
) -> None:
    """What the server says of a field stands under it, and takes the focus there."""
    session = storefront.sell_credits()
    storefront.visit(page, session)
    choose_card(page, MONEY_COMES_LATER)
    page.get_by_label("Account number").fill("000999999999")
    press_pay(page)

    expect(page.get_by_role("alert")).to_have_text("This is not a test account number.")
    expect(page.get_by_label("Account number")).to_be_focused()
    assert statuses(storefront, session.id) == ("open", "unpaid")


def test_the_keyboard_alone_can_pay_on_a_phone(open_page: OpenPage, storefront: Storefront) -> None:
    """An arrow key chooses the bank account, Tab goes through its fields only."""
    page = open_page(PHONE)
    session = storefront.sell_credits()
    storefront.visit(page, session)
    page.get_by_label("Email").focus()
    page.keyboard.type("keys@example.com")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="US bank account")).to_be_focused()
    page.keyboard.press("Tab")
    type_along(
        page,
        {
            "Routing number": "110000000",
            "Account number": "000123456789",
            "Account holder's name": "Key Board",
        },
    )
    expect(page.get_by_role("button", name="Pay $9.90")).to_be_focused()
    page.keyboard.press("Enter")

    storefront.expect_thanks(page, session)
    assert statuses(storefront, session.id) == ("complete", "unpaid")


def test_it_pays_without_javascript(open_page: OpenPage, storefront: Storefront) -> None:
    """The choice needs no script: the page shows the account's fields and a plain form is taken."""
    page = open_page(java_script_enabled=False)
    session = storefront.sell_credits()
    storefront.visit(page, session)
    page.get_by_role("radio", name="US bank account").check()
    expect(page.get_by_label("Card number")).to_be_hidden()
    press_pay(page)
    expect(page.get_by_text("Enter your account number.")).to_be_visible()
    expect(page.get_by_role("radio", name="US bank account")).to_be_checked()
    page.get_by_label("Email").fill("plain@example.com")
    page.get_by_label("Routing number").fill("110000000")
    page.get_by_label("Account number").fill("000123456789")
    page.get_by_label("Account holder's name").fill("Plain Form")
    press_pay(page)

    storefront.expect_thanks(page, session)
    assert statuses(storefront, session.id) == ("complete", "unpaid")
