"""Everybody can use it: axe-core finds nothing wrong with any page, light on a desk and dark on a
phone."""

from __future__ import annotations

import re
from itertools import cycle
from typing import TYPE_CHECKING

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.end_to_end.demo import Demo, fill, pay
from tests.end_to_end.test_paying import banner, sandbox_client
from tests.support.browsers.accessibility import BY_LOOK
from tests.support.browsers.accessibility import check as check_as_it_is
from tests.support.browsers.browser import DESKTOP, PHONE
from tests.support.browsers.checkout import (
    INSUFFICIENT_FUNDS,
    THREE_D_SECURE,
    choose_card,
    press_pay,
)

if TYPE_CHECKING:
    from tests.support.browsers.browser import ColorScheme
    from tests.support.browsers.contexts import Contexts
    from tests.support.servers.dashboard import Process

THEMED = """scheme =>
    getComputedStyle(document.querySelector(".stApp") ?? document.body).colorScheme.includes(scheme)
"""


LOOKS: tuple[tuple[tuple[int, int], ColorScheme], ...] = ((DESKTOP, "light"), (PHONE, "dark"))


_ON_A_PHONE = cycle((False, True))


def check(page: Page) -> None:
    """Nothing is wrong with what a page has become by now: one time light on a desk, the next time
    dark and on a phone. It is left light on a desk."""
    if next(_ON_A_PHONE):
        look(page, PHONE, "dark")
        check_as_it_is(page)
        look(page, DESKTOP, "light")
    else:
        check_as_it_is(page)


def look(page: Page, size: tuple[int, int], color_scheme: ColorScheme) -> None:
    width, height = size
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=color_scheme)
    page.wait_for_function(THEMED, arg=color_scheme)


@pytest.fixture(scope="module")
def app(own_app: Process) -> Process:
    """One that may be filled with a month of history."""
    return own_app


@pytest.fixture(scope="module")
def demo(app: Process, contexts: Contexts) -> Demo:
    context = contexts.take(DESKTOP, "light")
    filled = fill(context.new_page(), app)
    contexts.give_back(context, again=True)
    return filled


# What the addresses of a page lead to, and what is to be seen there. The Test kit's other tabs are
# looked at once something was done there.
PAGES = {
    "billing": {
        "": "6 credits",
        "?canceled=1": "Canceled",
        "?success=1&session_id={paid}": "Payment received",
        "?success=1&session_id={processing}": "Payment processing",
    },
    "sessions": {
        "": "Older",
        "?session={paid}": "Session closed",
        "?session={declined}": "insufficient_funds",
    },
    "customers": {
        "": "Older",
        "?q=nobody": "No matching customers",
        "?customer=tester@example.com": "Checkout Sessions",
    },
    "requests": {
        "": "To open a row",
        "?log=dashboard&about={paid}": "To open a row",
        "?request={request}": "Copy as",
    },
    "events": {
        "": "checkout.session.completed",
        "?state=refused": "Of a refused delivery no more is stored",
        "?event={event}": "api_version",
    },
    "endpoints": {"": "Send events there", "?endpoint={endpoint}": "brought this endpoint"},
    "test-kit": {
        "?show=Scenarios": "Part refund",
        "?show=Test+cards": "Paid, then reversed",
        "?show=Demo+data": "A month of history",
    },
    "setup": {"": "A secret key in test mode"},
    "audit": {
        "": "Create Checkout Sessions",
        "?action=erase": "No matching entries",
        "?entry=1": "On this machine",
    },
}


def test_pages_where_nothing_has_happened(page: Page, app: Process) -> None:
    """The first of them all: `demo` is filled after."""
    for path, says in (
        ("billing", "No sessions yet"),
        ("events?state=refused", "No refused deliveries"),
        ("test-kit?show=Open+sessions", "No open sessions"),
    ):
        page.goto(f"{app.url}/app/{path}")
        expect(page.get_by_text(says).first).to_be_visible()
        check(page)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_at_its_addresses(page: Page, demo: Demo, name: str) -> None:
    looks = LOOKS
    for query, says in PAGES[name].items():
        page.goto(f"{demo.url}/app/{name}{query.format(**demo.__dict__)}")
        # Attached, not visible: the text of a table lies behind its canvas.
        expect(page.get_by_text(says).first).to_be_attached()
        check_as_it_is(page)
        looks = looks[::-1]
        look(page, *looks[0])
        if not query:  # what stands at every other address, too, in both looks
            check_as_it_is(page, BY_LOOK)


def test_a_link_that_was_made_and_paid(page: Page, demo: Demo, app: Process) -> None:
    page.goto(f"{demo.url}/app/billing")
    links = page.get_by_role("link", name="Open Checkout")
    page.get_by_role("button", name="PAY WITH CARD").click()
    expect(links).to_have_count(1)
    expect(page.get_by_text("More outcomes")).to_be_visible()  # nothing below moves any more
    page.get_by_role("button", name="BUY EXTRA LOAD CREDITS").click()
    expect(links).to_have_count(2)
    check(page)
    url = page.get_by_role("link", name="Open Checkout").last.get_attribute("href") or ""
    found = re.search(r"cs_test_\w+", url)
    assert found
    pay(app, found[0], card="4242424242424242")
    expect(page.get_by_text("paid: $0.99")).to_be_visible()
    check(page)


def test_selling_to_somebody_known(page: Page, demo: Demo, app: Process) -> None:
    email, bought = "known@example.com", []
    for _ in range(2):
        made = requests.post(f"{demo.url}/api/billing/checkout", timeout=9).json()
        bought.append(made["id"])
    for session_id in bought:
        pay(app, session_id, email=email, card="4242424242424242")
    page.goto(f"{demo.url}/app/billing")
    menu = page.get_by_role("button", name="New customer")
    menu.click()
    page.get_by_placeholder("Email or customer ID").press_sequentially("known@")
    known = page.get_by_role("radio").nth(1)
    expect(page.get_by_role("radio")).to_have_count(3)
    check(page)
    known.click(force=True)
    expect(page.get_by_text("already has the Pro plan")).to_be_visible()
    expect(page.get_by_placeholder("Email or customer ID")).to_have_count(0)
    expect(page.get_by_role("button", name="PAY WITH CARD")).to_have_count(0)
    check(page)
    page.goto(f"{demo.url}/app/billing?success=1&session_id={bought[1]}")
    warning = page.get_by_role("button", name="Refund and cancel the second")
    expect(warning).to_be_visible()
    check(page)
    warning.click()
    banner(page, "refunded since")
    expect(warning).to_have_count(0)


def test_what_a_session_s_drawer_opens(page: Page, demo: Demo) -> None:
    page.goto(f"{demo.url}/app/sessions?session={demo.open}")
    drawer = page.get_by_role("dialog")
    drawer.get_by_role("button", name="Expire…").click()
    expect(drawer.get_by_role("button", name="Expire session")).to_be_visible()
    drawer.get_by_text("Raw JSON").click()
    expect(drawer.get_by_test_id("stJson")).to_be_visible()
    check(page)
    drawer.get_by_role("button", name="Link and QR code").click()
    expect(page.get_by_alt_text("QR code of the Checkout link")).to_be_visible()
    check(page)
    page.goto(f"{demo.url}/app/sessions?session={demo.paid}")
    drawer.get_by_role("button", name="Refund…").click()
    drawer.get_by_text("An amount").click()
    drawer.get_by_role("spinbutton", name="Amount in USD").fill("1000")
    drawer.get_by_role("spinbutton", name="Amount in USD").press("Enter")
    expect(drawer).to_contain_text("Enter an amount from")
    check(page)


def test_what_a_customer_s_drawer_opens(page: Page, demo: Demo, app: Process) -> None:
    made = requests.post(f"{demo.url}/api/billing/checkout", timeout=9).json()
    pay(app, made["id"], email="subscriber@example.com", card="4242424242424242")
    customer = sandbox_client(app).v1.checkout.sessions.retrieve(made["id"]).customer
    page.goto(f"{demo.url}/app/customers?customer={customer}")
    drawer = page.get_by_role("dialog")
    drawer.get_by_role("button", name="More").first.click()
    page.get_by_role("menuitem", name="Dispute…").click()
    expect(drawer).to_contain_text("The bank holds the money, and Pro with it")
    check(page)


def test_what_the_test_kit_does(page: Page, demo: Demo) -> None:
    page.goto(f"{demo.url}/app/test-kit?show=Scenarios&scenario=part-refund")
    drawer = page.get_by_role("dialog")
    drawer.get_by_role("button", name="Run").click()
    expect(drawer.get_by_text("Each change exactly once")).to_be_visible()
    page.goto(f"{demo.url}/app/test-kit?show=Scenarios&scenario=part-refund")
    expect(drawer.get_by_text("Webhooks in order")).to_be_visible()
    check(page)
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Open sessions").click()
    page.locator(f".st-key-more_{demo.open}").get_by_role("button").click()
    page.get_by_role("menuitem", name="Pay with a declined card").click()
    expect(page.get_by_text("Declined: insufficient funds")).to_be_visible()
    check(page)
    page.get_by_role("tab", name="Clock and faults").click()
    page.get_by_text("Send each twice").click()
    banner(page, "Fault injection is on")
    check(page)
    page.get_by_role("button", name="Clear all faults").click()
    expect(page.get_by_text("Fault injection is on")).to_have_count(0)
    page.get_by_role("tab", name="Webhook faults").click()
    page.get_by_text("Hold deliveries").click()
    banner(page, "Webhook faults are on")
    check(page)
    page.get_by_role("button", name="End now").first.click()
    expect(page.get_by_text("Webhook faults are on")).to_have_count(0)
    page.get_by_role("tab", name="Demo data").click()
    page.get_by_role("button", name="Reset…").click()
    expect(page.get_by_role("dialog")).to_contain_text("will be deleted")
    check(page)


def test_the_checkout_page_through_a_decline_to_3d_secure(page: Page, demo: Demo) -> None:
    page.goto(demo.checkout(demo.open))
    expect(page.get_by_role("heading", name="Payment details")).to_be_visible()
    check(page)
    choose_card(page, INSUFFICIENT_FUNDS)
    press_pay(page)
    expect(page.get_by_role("alert")).to_contain_text("insufficient funds")
    check(page)
    page.get_by_role("radio", name="US bank account").check()
    check(page)
    choose_card(page, THREE_D_SECURE)
    press_pay(page)
    expect(page.get_by_role("button", name="Complete authentication")).to_be_visible()
    check(page)


def test_the_checkout_page_of_a_session_that_is_closed_or_unknown(page: Page, demo: Demo) -> None:
    for session_id, says in (
        (demo.expired, "This link has expired"),
        (demo.paid, "This has already been paid"),
        ("cs_test_forged", "Checkout Session not found"),
    ):
        page.goto(demo.checkout(session_id))
        expect(page.get_by_role("heading", name=says)).to_be_visible()
        check(page)


def test_the_3d_secure_step_as_a_page_of_its_own(page: Page, demo: Demo) -> None:
    page.route("**/checkout.js*", lambda route: route.fulfill(body=""))
    page.goto(demo.checkout(demo.open))
    for label, value in (
        ("Email", "tester@example.com"),
        ("Card number", "4000 0025 0000 3155"),
        ("Expiry", "12 / 40"),
        ("CVC", "123"),
        ("Name on card", "Tester"),
    ):
        page.get_by_label(label).fill(value)
    press_pay(page)
    expect(page.get_by_role("heading", name="Confirm your payment")).to_be_visible()
    check(page)
