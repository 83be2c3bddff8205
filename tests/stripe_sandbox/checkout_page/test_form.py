"""The Checkout page's form: typing, mistakes, the keyboard, and life without JavaScript."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.support.browsers.browser import OpenPage
from tests.support.browsers.checkout import PAID, authenticate, choose_card, press_pay, type_along
from tests.support.stripe.storefront import Storefront


def test_typed_digits_are_grouped_and_the_brand_is_named(
    page: Page, storefront: Storefront
) -> None:
    """Card number and expiry take their shape while they are typed."""
    storefront.visit(page, storefront.sell_credits())
    number, brand = page.get_by_label("Card number"), page.locator("#brand")

    number.press_sequentially("4242424242424242")
    expect(number).to_have_value("4242 4242 4242 4242")
    expect(brand).to_have_text("Visa")
    number.fill("")
    number.press_sequentially("378282246310005")
    expect(number).to_have_value("3782 822463 10005")
    expect(brand).to_have_text("Amex")

    expiry = page.get_by_label("Expiry")
    expiry.press_sequentially("434")
    expect(expiry).to_have_value("04 / 34")
    expiry.fill("12/2034")
    expect(expiry).to_have_value("12 / 34")


def test_a_digit_put_in_the_middle_keeps_the_caret(page: Page, storefront: Storefront) -> None:
    """Mending a digit in the middle doesn't throw the caret to the end."""
    storefront.visit(page, storefront.sell_credits())
    number = page.get_by_label("Card number")
    number.press_sequentially("424242424242")
    for _ in range(7):
        number.press("ArrowLeft")
    number.press_sequentially("99")

    expect(number).to_have_value("4242 4299 4242 42")
    assert number.evaluate("input => input.selectionStart") == len("4242 4299")


@pytest.mark.parametrize(
    ("card", "field"),
    [
        ("Wrong CVC", "CVC"),
        ("Expired card", "Expiry"),
        ("Wrong number", "Card number"),
        ("Blocked as fraudulent", "Card number"),
    ],
)
def test_a_decline_takes_the_focus_to_the_field_at_fault(
    page: Page, storefront: Storefront, card: str, field: str
) -> None:
    """What is wrong with one field is said under it, and read out with it."""
    storefront.visit(page, storefront.sell_credits())
    choose_card(page, card)
    press_pay(page)

    alert = page.get_by_role("alert")
    expect(alert).to_be_visible()
    expect(page.get_by_label(field)).to_be_focused()
    described_by = page.get_by_label(field).get_attribute("aria-describedby") or ""
    assert alert.get_attribute("id") in described_by.split()


def test_a_past_expiry_is_refused(page: Page, storefront: Storefront) -> None:
    """A card that has run out is refused at its expiry."""
    storefront.visit(page, storefront.sell_credits())
    choose_card(page, PAID)
    page.get_by_label("Expiry").fill("01 / 20")
    press_pay(page)

    expect(page.get_by_role("alert")).to_contain_text("expiration")
    expect(page.get_by_label("Expiry")).to_be_focused()


def test_an_empty_form_says_what_is_missing(page: Page, storefront: Storefront) -> None:
    """Nothing is posted before the form is whole; each field says what it lacks."""
    session = storefront.sell_credits()
    storefront.visit(page, session)
    page.get_by_label("Card number").fill("4242")
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.method))
    press_pay(page)

    expect(page.get_by_text("Enter your email.")).to_be_visible()
    expect(page.get_by_text("Your card number is incomplete.")).to_be_visible()
    expect(page.get_by_text("Enter your card's security code.")).to_be_visible()
    expect(page.get_by_label("Email")).to_be_focused()
    expect(page.get_by_label("Email")).to_have_attribute("aria-invalid", "true")
    assert "POST" not in posts


def test_the_email_of_the_session_is_fixed(page: Page, storefront: Storefront) -> None:
    """An email that the shop knows is filled in, cannot be edited, and is what counts."""
    session = storefront.sell_credits(customer_email="known@example.com")
    storefront.visit(page, session)
    email = page.get_by_label("Email")
    expect(email).to_have_value("known@example.com")
    expect(email).not_to_be_editable()
    email.evaluate("input => { input.value = 'other@example.com'; }")
    choose_card(page, PAID)
    press_pay(page)

    storefront.expect_thanks(page, session)
    details = storefront.session(session.id).customer_details
    assert details is not None
    assert details.email == "known@example.com"


def test_the_keyboard_alone_can_pay(page: Page, storefront: Storefront) -> None:
    """From the first Tab to the bank's step and the shop, no mouse is needed."""
    session = storefront.sell_credits()
    storefront.visit(page, session)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the payment form")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Email")).to_be_focused()
    page.keyboard.type("keys@example.com")
    page.keyboard.press("Tab")
    expect(page.get_by_role("radio", name="Card")).to_be_focused()
    page.keyboard.press("Tab")
    type_along(
        page,
        {
            "Card number": "4000002500003155",
            "Expiry": "1234",
            "CVC": "123",
            "Name on card": "Key Board",
            "Country or region": "Fra",
        },
    )
    expect(page.get_by_role("button", name="Pay $9.90")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Complete authentication")).to_be_focused()
    page.keyboard.press("Enter")

    storefront.expect_thanks(page, session)
    details = storefront.session(session.id).customer_details
    assert details is not None
    assert details.address is not None
    assert (details.name, details.address.country) == ("Key Board", "FR")


def test_a_test_card_can_be_chosen_by_keyboard(page: Page, storefront: Storefront) -> None:
    """The test cards are buttons: Enter fills the form and leads on to the pay button."""
    storefront.visit(page, storefront.sell_credits())
    page.get_by_role("button", name="Lost card").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_label("Card number")).to_have_value("4000 0000 0000 9987")
    expect(page.get_by_role("status")).to_contain_text("Lost card")
    expect(page.get_by_role("button", name="Pay $9.90")).to_be_focused()


def test_it_pays_without_javascript(open_page: OpenPage, storefront: Storefront) -> None:
    """A plain form is declined, authenticated and paid with pages of its own."""
    page = open_page(java_script_enabled=False)
    session = storefront.sell_credits()
    storefront.visit(page, session)
    page.get_by_label("Email").fill("plain@example.com")
    page.get_by_label("Name on card").fill("Plain Form")
    for number in ("4000 0000 0000 9995", "4000 0025 0000 3155"):
        page.get_by_label("Card number").fill(number)
        page.get_by_label("Expiry").fill("12 / 34")
        page.get_by_label("CVC").fill("123")
        press_pay(page)
        if number.endswith("9995"):
            expect(page.get_by_role("alert")).to_have_text("Your card has insufficient funds.")
            expect(page.get_by_label("Email")).to_have_value("plain@example.com")
            expect(page.get_by_label("Card number")).to_have_value("")
    authenticate(page)

    storefront.expect_thanks(page, session)


def test_a_quantity_is_adjusted_without_leaving_the_form(
    page: Page, storefront: Storefront
) -> None:
    """The amounts and the button follow, what was typed stays, and the focus too."""
    line = {
        "price": storefront.credit,
        "quantity": 2,
        "adjustable_quantity": {"enabled": True, "minimum": 1, "maximum": 3},
    }
    session = storefront.sell_credits(line_items=[line])
    storefront.visit(page, session)
    page.get_by_label("Email").fill("counts@example.com")
    page.get_by_role("button", name="One more: Extra load credits").click()

    expect(page.get_by_role("button", name="Pay $2.97")).to_be_visible()
    quantity = page.get_by_label("Quantity: Extra load credits")
    expect(quantity).to_be_focused()  # as three is the most
    expect(page.get_by_label("Email")).to_have_value("counts@example.com")
    quantity.fill("1")
    quantity.press("Enter")
    expect(page.get_by_role("button", name="Pay $0.99")).to_be_visible()
    choose_card(page, PAID)
    press_pay(page)
    storefront.expect_thanks(page, session)
