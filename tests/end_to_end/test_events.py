"""The Events page in Chromium: what arrives appears by itself, and what failed is mended there."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import requests
import stripe
from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from tests.end_to_end.test_paying import banner, billing_page, checkout_of, newest_row, pay
from tests.support.browsers.accessibility import fits
from tests.support.browsers.browser import PHONE, OpenPage
from tests.support.browsers.checkout import PAID
from tests.support.servers.dashboard import Process, dashboard
from tests.support.stripe_account import DOWN, NO_FAULTS, StripeAccount

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECRET = "whsec_of_the_test"
HEADER = ROW = 35  # pixels
FIRST_COLUMN = 60
GLANCE = 50  # milliseconds
CROSSING = 3  # the press, and what both live parts ask when something arrives meanwhile


def events_page(page: Page, app: Process, query: str = "") -> Page:
    page.goto(f"{app.url}/app/events{query}")
    expect(page.get_by_role("button", name=re.compile("^(Relevant|All) "))).to_be_visible()
    return page


def post(app: Process, body: bytes, secret: str) -> int:
    header = stripe.WebhookSignature.generate_signature_header(body.decode(), secret)
    return requests.post(
        f"{app.url}/api/billing/stripe/webhook",
        body,
        headers={"Stripe-Signature": header},
        timeout=10,
    ).status_code


def forge(app: Process) -> None:
    """Somebody who does not know the secret posts a delivery."""
    assert post(app, b'{"id": "evt_forged"}', "whsec_of_a_stranger") == 400


def choose_row(page: Page, number: int = 1) -> Locator:
    """Press the first column of a row; the drawer that opens."""
    table = page.get_by_test_id("stDataFrame").first
    table.click(position={"x": FIRST_COLUMN, "y": HEADER + ROW * number - ROW // 2})
    drawer = page.get_by_role("dialog")
    expect(drawer).to_be_visible()
    return drawer


def state(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=re.compile(f"^{name} "))


def test_a_payments_events_appear_by_themselves_and_lead_to_its_session(
    page: Page, open_page: OpenPage, app: Process
) -> None:
    events_page(page, app, "?type=checkout.session.completed")
    checkout = checkout_of(billing_page(open_page(), app), "BUY EXTRA LOAD CREDITS")
    pay(checkout, PAID)
    banner(checkout, "Payment received")
    newest_row(page, "Handled", "checkout.session.completed", "1 extra credit, $0.99", "webhook")
    banner(page, "Webhooks are working")
    found = re.search(r"session_id=(cs_test_\w+)", checkout.url)
    assert found
    drawer = choose_row(page)
    expect(drawer.get_by_role("strong").get_by_text("checkout.session.completed")).to_be_visible()
    expect(drawer.get_by_test_id("stJson")).to_contain_text(found.group(1))
    expect(page).to_have_url(re.compile(r"event=evt_\w+"))
    link = page.url
    drawer.get_by_role("button", name="Resend").click()
    expect(drawer.get_by_text("Attempt 2 at")).to_be_visible()
    drawer.get_by_text("Attempt 2 at").click()
    expect(drawer.get_by_text('"received":true')).to_be_visible()
    drawer.get_by_role("link", name="Open session").click()
    expect(page).to_have_url(f"{app.url}/app/sessions?session={found.group(1)}")

    page.goto(link)
    expect(page.get_by_role("dialog")).to_contain_text(found.group(1))
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page).to_have_url(f"{app.url}/app/events?type=checkout.session.completed")


def test_a_forged_delivery_appears_as_refused_with_its_reason(
    open_page: OpenPage, app: Process
) -> None:
    page = events_page(open_page(size=PHONE, color_scheme="dark"), app)
    forge(app)
    banner(page, "delivery was refused")
    expect(page.get_by_text("The signature does not match.")).to_be_visible()
    state(page, "Refused").click()
    newest_row(page, "The signature does not match.")
    expect(page).to_have_url(re.compile("state=refused"))
    assert "evt_forged" not in page.content()
    assert fits(page)


def test_a_failed_event_is_replayed_and_becomes_handled(page: Page, tmp_path: Path) -> None:
    account = StripeAccount()
    with account.serve() as url:
        settings = {
            "STRIPE_SECRET_KEY": "sk_test_of_the_test",
            "STRIPE_API_BASE": url,
            "STRIPE_PRICE_PRO_MONTHLY": "price_pro",
            "STRIPE_PRICE_EXTRA_CREDIT": "price_credit",
            "STRIPE_WEBHOOK_SECRET": SECRET,
        }
        with dashboard(tmp_path, settings) as app:
            session = account.pay(account.sell("credits", 2))
            event = account.say("completed", session, listed=False)
            account.faults = DOWN
            assert post(app, json.dumps(event).encode(), SECRET) == 200
            events_page(page, app)
            expect(state(page, "Failed")).to_have_text("Failed 1")
            state(page, "Failed").click()
            newest_row(page, "checkout.session.completed", "Stripe")
            drawer = choose_row(page)
            banner(page, "Handling failed")
            expect(drawer).to_contain_text("Retrying automatically.")
            # Once more it fails by itself; then nothing is tried for half a minute but by hand.
            expect(drawer.get_by_role("row").filter(has_text="Attempts")).to_contain_text("2")
            account.faults = NO_FAULTS
            drawer.get_by_role("button", name="Replay").click()
            expect(drawer.get_by_text("Handled", exact=True)).to_be_visible()
            expect(drawer.get_by_text("Replayed at")).to_be_visible()
            expect(drawer.get_by_text("Handling failed")).to_have_count(0)
            page.keyboard.press("Escape")
            expect(state(page, "Failed")).to_have_text("Failed 0")
            expect(state(page, "Relevant")).to_have_text("Relevant 1")
            expect(page.get_by_text("There is no failed event.")).to_be_visible()


def test_the_address_opens_the_same_view_and_follows_what_is_chosen(
    page: Page, app: Process
) -> None:
    events_page(page, app, "?state=ignored&type=product.created&by=webhook&about=nobody")
    about = page.get_by_label("Object", exact=True)
    expect(about).to_have_value("nobody")
    expect(page.get_by_text("There is no ignored event of type")).to_be_visible()
    about.fill("")
    about.press("Enter")
    newest_row(page, "Ignored", "product.created", "prod_…")
    expect(page).to_have_url(f"{app.url}/app/events?state=ignored&type=product.created&by=webhook")
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Pending").click()
    expect(page).to_have_url(re.compile("state=pending"))
    page.get_by_role("button", name="Clear filters").click()
    expect(state(page, "Relevant")).to_be_visible()
    expect(page).to_have_url(f"{app.url}/app/events")
    page.go_back()
    expect(page).to_have_url(re.compile("state=pending"))


def test_filters_that_were_cleared_stay_so_when_the_browser_hears_of_it_late(
    page: Page, app: Process
) -> None:
    """The page asks by itself when something arrives, and tells its address with it: here, an old
    one."""
    held: list[str | bytes] | None = None
    asked = 0

    def connect(browser: WebSocketRoute) -> None:
        server = browser.connect_to_server()

        def tell(message: str | bytes) -> None:
            (browser.send if held is None else held.append)(message)

        def ask(message: str | bytes) -> None:
            nonlocal asked
            asked += 1
            server.send(message)

        server.on_message(tell)
        browser.on_message(ask)
        told.append(browser.send)

    told: list[Callable[[str | bytes], None]] = []
    page.route_web_socket(re.compile("_stcore/stream"), connect)
    events_page(page, app, "?state=pending&type=product.created&by=webhook")
    clear = page.get_by_role("button", name="Clear filters")
    expect(clear).to_be_visible()
    asked, held = 0, []
    clear.click()
    forge(app)
    while asked < CROSSING:
        page.wait_for_timeout(GLANCE)
    late, held = held, None
    for message in late:
        told[-1](message)
    expect(state(page, "Relevant")).to_be_visible()
    expect(page).to_have_url(f"{app.url}/app/events")


def test_an_address_that_makes_no_sense_breaks_nothing(page: Page, app: Process) -> None:
    events_page(
        page, app, "?state=<script>alert(1)</script>&by=%00&event=evt_%22%3E%3Cimg%20src%3Dx"
    )
    expect(page.get_by_role("dialog")).to_contain_text('No event evt_"><img src=x has arrived here')
    page.keyboard.press("Escape")
    banner(page, "Unknown filter in the link")


def test_what_is_being_typed_stays_while_the_page_follows_what_arrives(
    page: Page, app: Process
) -> None:
    forge(app)
    events_page(page, app, "?state=refused")
    verdict = page.get_by_test_id("stAlert").first
    expect(verdict).to_contain_text("Last event")
    about = page.get_by_label("Object", exact=True)
    about.press_sequentially("cs_test_half")
    before = state(page, "Refused").inner_text()
    forge(app)
    expect(state(page, "Refused")).not_to_have_text(before)
    expect(about).to_have_value("cs_test_half")
    expect(about).to_be_focused()
