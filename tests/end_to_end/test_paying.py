"""Payments from end to end, through the dashboard and Checkout, in Chromium."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import requests
import stripe
from playwright.sync_api import Page, expect

from tests.support.browsers.accessibility import fits
from tests.support.browsers.browser import DESKTOP, PHONE, OpenPage
from tests.support.browsers.checkout import (
    MONEY_COMES_LATER,
    PAID,
    choose_card,
    press_pay,
)
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from tests.support.servers.dashboard import Process

# At the moment at which all parts of the page that follow changes hear of one.
PRESS_AS_PARTS_RUN = """button => {
  for (const part of window.liveParts.values())
    Object.assign(part, { seen: {}, runs: [], askedAt: 0 });
  window.dispatchEvent(new Event("livepart"));
  button.click();
}"""

# What holds more than it shows, but for what is there to be read out alone.
CUT_OFF = """card => [...card.querySelectorAll("*")]
  .filter(one => getComputedStyle(one).overflowY !== "visible" && one.clientHeight > 1)
  .filter(one => one.scrollHeight > one.clientHeight + 1)
  .map(one => one.innerText)"""


def billing_page(page: Page, app: Process, query: str = "") -> Page:
    page.goto(f"{app.url}/app/billing{query}")
    expect(page.get_by_role("heading", name="Recent sessions")).to_be_visible()
    return page


def checkout_of(page: Page, button: str) -> Page:
    """Press the button on the billing page, follow its link; Checkout opens in a tab of its own."""
    page.get_by_role("button", name=button).click()
    with page.expect_popup() as popup:
        page.get_by_role("link", name="Open Checkout").click()
    checkout = popup.value
    expect(checkout.get_by_role("heading", name="Payment details")).to_be_visible()
    return checkout


def pay(checkout: Page, card: str) -> None:
    choose_card(checkout, card)
    press_pay(checkout)


def banner(page: Page, title: str) -> None:
    expect(page.get_by_test_id("stAlert").filter(has_text=title)).to_be_visible()


def newest_row(page: Page, *texts: str) -> None:
    """The newest row of the table comes to hold these texts, without a reload."""
    row = page.get_by_test_id("stDataFrame").locator('tr[aria-rowindex="2"]')
    for text in texts:
        expect(row).to_contain_text(text)


def sandbox_client(app: Process) -> stripe.StripeClient:
    return stripe.StripeClient("sk_test_x", base_addresses={"api": f"{app.url}/sandbox"})


def test_the_pro_plan_is_paid_and_both_tabs_see_it(page: Page, app: Process) -> None:
    billing_page(page, app)
    checkout = checkout_of(page, "PAY WITH CARD ($99/MO)")
    pay(checkout, PAID)
    banner(checkout, "Payment received")
    expect(checkout.get_by_text("Pro plan granted")).to_be_visible()
    newest_row(checkout, "Pro plan", "$99.00", "Paid", "tester@example.com")

    newest_row(page, "Pro plan", "Paid")
    expect(page.get_by_text("Pro plan paid: $99.00")).to_be_visible()
    handled = f"checkout.session.completed {session_returned_to(checkout)}"
    wait_for(lambda: handled in app.log)  # the return may have granted it before

    url = checkout.url
    checkout.reload()
    banner(checkout, "Payment received")
    assert checkout.url == url


def let_the_bank_answer(app: Process) -> None:
    """Move the sandbox's clock past the time that a bank takes."""
    requests.post(
        f"{app.url}/sandbox/_control/clock",
        headers={"Authorization": "Bearer sk_test_x"},
        json={"advance_seconds": 20},
        timeout=10,
    ).raise_for_status()


def session_returned_to(page: Page) -> str:
    found = re.search(r"session_id=(cs_test_\w+)", page.url)
    assert found
    return found.group(1)


def test_a_bank_account_is_granted_once_the_money_has_come(page: Page, app: Process) -> None:
    made = requests.post(f"{app.url}/api/billing/checkout", timeout=30).json()
    page.goto(made["url"])
    pay(page, MONEY_COMES_LATER)
    banner(page, "Payment processing")
    newest_row(page, "Pro plan", "Processing", "tester@example.com")
    session_id = session_returned_to(page)
    assert session_id == made["id"]
    session = sandbox_client(app).v1.checkout.sessions.retrieve(session_id)
    granted = f"+1 x pro for {session.subscription}"
    assert granted not in app.log

    let_the_bank_answer(app)
    banner(page, "Payment received")
    newest_row(page, "Pro plan", "Paid")
    wait_for(lambda: granted in app.log)
    assert app.log.count(granted) == 1


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_a_press_leaves_the_card_where_it_is_with_its_actions_in_one_row(
    open_page: OpenPage, app: Process, size: tuple[int, int]
) -> None:
    page = billing_page(open_page(size=size), app)
    card = page.get_by_test_id("stColumn").first
    button = page.get_by_role("button", name="PAY WITH CARD ($99/MO)")
    expect(button).to_be_visible()
    expect(card.get_by_text("billed monthly")).to_be_visible()
    before = card.bounding_box()
    page.wait_for_function("window.liveFeed?.isOpen")
    button.evaluate(PRESS_AS_PARTS_RUN)
    expect(page.get_by_role("link", name="More outcomes")).to_be_visible()
    expect(page.get_by_text("4242 4242 4242 4242")).to_be_visible()
    expect(button).to_have_count(0)  # it goes a moment after the others have come
    actions = (
        page.get_by_role("link", name="Open Checkout"),
        page.get_by_role("button", name="Copy link"),
        page.get_by_role("button", name="QR"),
        page.get_by_role("button", name="Start over"),
    )
    tops = {round(box["y"]) for action in actions if (box := action.bounding_box())}
    after = card.bounding_box()
    assert before
    assert after
    assert after["height"] - before["height"] <= 60
    assert len(tops) == 1
    assert fits(page)

    made = re.search(r"cs_test_\w+", actions[0].get_attribute("href") or "")
    assert made
    sandbox_client(app).v1.checkout.sessions.expire(made[0])
    expect(page.get_by_text("This session has expired.")).to_be_visible()
    expect(page.get_by_role("button", name="Start over")).to_be_visible()
    assert card.evaluate(CUT_OFF) == []
    assert card.bounding_box() == before


def test_checkout_opens_with_the_first_press_where_the_browser_remembers_so_and_leads_back(
    page: Page, app: Process
) -> None:
    billing_page(page, app)
    page.get_by_text("Open Checkout with the first press").click()
    page.wait_for_function("document.cookie.includes('billing_open_checkout=1')")
    billing_page(page, app)
    page.get_by_role("button", name="BUY EXTRA LOAD CREDITS").click()
    expect(page.get_by_role("heading", name="Payment details")).to_be_visible()
    page.get_by_role("link", name="Back").click()
    banner(page, "Canceled")
    newest_row(page, "1 credit", "Open")


def test_a_double_press_makes_one_session(page: Page, app: Process) -> None:
    sessions = sandbox_client(app).v1.checkout.sessions
    before = len(sessions.list({"limit": 100}).data)
    billing_page(page, app)
    page.get_by_role("button", name="PAY WITH CARD ($99/MO)").dblclick()
    expect(page.get_by_role("link", name="Open Checkout")).to_be_visible()
    expect(page.get_by_role("button", name="PAY WITH CARD ($99/MO)")).to_have_count(0)
    assert len(sessions.list({"limit": 100}).data) == before + 1
