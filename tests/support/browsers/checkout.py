"""What a person does on the sandbox's Checkout page."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

PAID = "Paid Visa ending in 4242"
INSUFFICIENT_FUNDS = "Insufficient funds Visa ending in 9995"
MONEY_COMES_LATER = "Paid later Account ending in 6789"
MONEY_NEVER_COMES = "Fails later: no account Account ending in 1116"
THREE_D_SECURE = "Then paid Visa ending in 3155"
THREE_D_SECURE_THEN_DECLINED = "Then insufficient funds Visa ending in 3178"


def choose_card(page: Page, name: str) -> None:
    """Fill the form with a test card, by what its button says."""
    page.get_by_role("button", name=name).click()


def press_pay(page: Page) -> None:
    """Press the button that pays or subscribes."""
    page.get_by_role("button", name=re.compile(r"^(Pay \S|Subscribe$)")).click()


def authenticate(page: Page, *, succeed: bool = True) -> None:
    """Complete or fail the 3-D Secure step that is being asked."""
    name = "Complete authentication" if succeed else "Fail authentication"
    page.get_by_role("button", name=name).click()


def type_along(page: Page, typed: dict[str, str]) -> None:
    """Type into these fields by their labels, from the first, which has the focus, with Tab."""
    for label, text in typed.items():
        expect(page.get_by_label(label)).to_be_focused()
        page.keyboard.type(text)
        page.keyboard.press("Tab")
