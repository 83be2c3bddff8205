"""Paying on the Checkout page, in a real browser against the real sandbox."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.support.browsers.checkout import (
    INSUFFICIENT_FUNDS,
    PAID,
    THREE_D_SECURE,
    THREE_D_SECURE_THEN_DECLINED,
    authenticate,
    choose_card,
    press_pay,
)
from tests.support.stripe.storefront import Storefront


def test_a_test_card_pays_and_leads_back_to_the_shop(page: Page, storefront: Storefront) -> None:
    """One press fills the form, one pays; the shop hears of it before the customer is back."""
    session = storefront.sell_credits()
    storefront.visit(page, session)
    choose_card(page, PAID)
    press_pay(page)

    storefront.expect_thanks(page, session)
    assert len(storefront.completions(session.id)) == 1
    paid = storefront.session(session.id)
    assert (paid.status, paid.payment_status) == ("complete", "paid")
    assert paid.customer_details is not None
    assert paid.customer_details.email == "tester@example.com"
    assert paid.customer_details.name == "Test Customer"


def test_a_subscription_is_paid(page: Page, storefront: Storefront) -> None:
    """Subscribing pays, too."""
    session = storefront.sell_pro()
    storefront.visit(page, session)
    choose_card(page, "Paid Amex ending in 0005")
    press_pay(page)

    storefront.expect_thanks(page, session)
    assert storefront.session(session.id).subscription is not None


def test_the_page_works_at_the_root_too(page: Page, storefront: Storefront) -> None:
    """Its links are relative: alone on its port it pays just as it does under /sandbox."""
    session = storefront.sell_credits()
    page.goto(f"{storefront.url}/c/pay/{session.id}")
    choose_card(page, "Paid Mastercard ending in 4444")
    press_pay(page)

    storefront.expect_thanks(page, session)


def test_a_decline_is_shown_in_place_and_another_card_pays(
    page: Page, storefront: Storefront
) -> None:
    """A declined card is said at once, with the form as it was and the session still open."""
    session = storefront.sell_credits()
    storefront.visit(page, session)
    page.get_by_label("Email").fill("someone@example.com")
    page.get_by_label("Country or region").select_option("DE")
    choose_card(page, INSUFFICIENT_FUNDS)
    press_pay(page)

    expect(page.get_by_role("alert")).to_have_text("Your card has insufficient funds.")
    expect(page.get_by_label("Card number")).to_be_focused()
    expect(page.get_by_label("Card number")).to_have_value("4000 0000 0000 9995")
    expect(page.get_by_label("Email")).to_have_value("someone@example.com")
    expect(page.get_by_label("Name on card")).to_have_value("Test Customer")
    assert storefront.session(session.id).status == "open"

    choose_card(page, PAID)
    expect(page.get_by_role("alert")).to_have_count(0)
    press_pay(page)
    storefront.expect_thanks(page, session)
    details = storefront.session(session.id).customer_details
    assert details is not None
    assert details.email == "someone@example.com"
    assert details.address is not None
    assert details.address.country == "DE"


def test_completing_3d_secure_pays(page: Page, storefront: Storefront) -> None:
    """The bank's step comes first; completed, the payment goes through."""
    session = storefront.sell_pro()
    storefront.visit(page, session)
    choose_card(page, THREE_D_SECURE)
    press_pay(page)
    dialog = page.get_by_role("dialog", name="Confirm your payment")
    expect(dialog).to_contain_text("$99.00")
    assert storefront.session(session.id).status == "open"

    authenticate(page)
    storefront.expect_thanks(page, session)


@pytest.mark.parametrize("way", ["button", "Escape"])
def test_failing_3d_secure_declines(page: Page, storefront: Storefront, way: str) -> None:
    """Failed, or closed without an answer, it is a decline: said in place, session open."""
    session = storefront.sell_credits()
    storefront.visit(page, session)
    choose_card(page, THREE_D_SECURE)
    press_pay(page)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    if way == "button":
        authenticate(page, succeed=False)
    else:
        page.keyboard.press("Escape")

    expect(page.get_by_role("alert")).to_contain_text("unable to authenticate")
    expect(dialog).to_be_hidden()
    assert storefront.session(session.id).status == "open"
    choose_card(page, PAID)
    press_pay(page)
    storefront.expect_thanks(page, session)


def test_a_card_can_be_declined_after_3d_secure(page: Page, storefront: Storefront) -> None:
    """Authentication is no promise: the bank may still decline."""
    storefront.visit(page, storefront.sell_credits())
    choose_card(page, THREE_D_SECURE_THEN_DECLINED)
    press_pay(page)
    authenticate(page)

    expect(page.get_by_role("alert")).to_have_text("Your card has insufficient funds.")


def test_a_double_press_pays_once(page: Page, storefront: Storefront) -> None:
    """However often the button is pressed, one request is made and one payment."""
    session = storefront.sell_credits()
    storefront.visit(page, session)
    posts: list[str] = []
    page.on("request", lambda r: posts.append(r.url) if r.method == "POST" else None)
    choose_card(page, PAID)
    page.get_by_role("button", name="Pay $9.90").dblclick()

    storefront.expect_thanks(page, session)
    assert len(posts) == 1
    assert len(storefront.completions(session.id)) == 1


def test_it_waits_for_the_webhook_before_it_returns(page: Page, storefront: Storefront) -> None:
    """The customer goes back once the shop answered its webhook, and sees it is being processed."""
    session = storefront.sell_credits()
    storefront.visit(page, session)
    choose_card(page, PAID)
    storefront.answers_webhooks.clear()
    try:
        press_pay(page)
        expect(page.get_by_role("button", name="Processing…")).to_be_visible()
        expect(page.get_by_role("status")).to_contain_text("for the webhook to be answered")
        assert storefront.session(session.id).status == "complete"
        assert page.url.startswith(f"{storefront.url}/sandbox/c/pay/")
    finally:
        storefront.answers_webhooks.set()
    storefront.expect_thanks(page, session)


def test_back_leads_to_the_cancel_url(page: Page, storefront: Storefront) -> None:
    """The way back leaves the session open."""
    session = storefront.sell_credits()
    storefront.visit(page, session)
    page.get_by_role("link", name="Back", exact=True).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Your basket")
    assert storefront.session(session.id).status == "open"


def test_a_stopped_sandbox_is_said_and_the_form_stays(page: Page, storefront: Storefront) -> None:
    """No answer at all is said in place; pressing again, once it runs, pays."""
    session = storefront.sell_credits()
    storefront.visit(page, session)
    choose_card(page, PAID)
    page.route("**/pay", lambda route: route.abort())
    press_pay(page)
    expect(page.get_by_role("alert")).to_contain_text("The sandbox did not answer.")

    page.unroute("**/pay")
    press_pay(page)
    storefront.expect_thanks(page, session)
