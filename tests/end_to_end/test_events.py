"""The Events page in Chromium: what arrives appears by itself, and what failed is mended there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import requests
import stripe
from playwright.sync_api import Locator, Page, WebSocketRoute, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from pages.scenarios.sandbox_client import Controls
from tests.end_to_end.conftest import create_session
from tests.end_to_end.test_paying import banner, newest_row
from tests.support.servers.dashboard import Process
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = "whsec_of_the_test"
HEADER = ROW = 35  # pixels
FIRST_COLUMN = 60
GLANCE = 50  # milliseconds
# The part that shows the table asks as it does when nothing is heard of changes.
RUN_TABLE = "() => [...window.liveParts.values()].at(-1).run()"


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


def sell(app: Process) -> str:
    """A session that was paid, whose event has been handled; its id."""
    session_id = create_session(app, 1)
    controls = Controls(f"{app.url}/sandbox/_control")
    controls.pay(session_id, email="ada@example.com", card="4242424242424242")
    wait_for(lambda: f"checkout.session.completed {session_id}" in app.log)
    return session_id


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
    page: Page, app: Process
) -> None:
    events_page(page, app, "?type=checkout.session.completed")
    session_id = sell(app)
    newest_row(page, "Handled", "checkout.session.completed", "1 extra credit, $0.99", "webhook")
    banner(page, "Webhooks are working")
    drawer = choose_row(page)
    expect(drawer.get_by_role("strong").get_by_text("checkout.session.completed")).to_be_visible()
    expect(drawer.get_by_test_id("stJson")).to_contain_text(session_id)
    expect(page).to_have_url(re.compile(r"event=evt_\w+"))
    drawer.get_by_role("button", name="Resend").click()
    expect(drawer.get_by_text("Attempt 2 at")).to_be_visible()
    drawer.get_by_text("Attempt 2 at").click()
    expect(drawer.get_by_text('"received":true')).to_be_visible()
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    expect(page).to_have_url(f"{app.url}/app/events?type=checkout.session.completed")
    choose_row(page).get_by_role("link", name="Open session").click()
    expect(page).to_have_url(f"{app.url}/app/sessions?session={session_id}")


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
    """A part that follows what happens asks by itself, and tells the page's address with it: here,
    an old one."""
    held: list[bytes] | None = None
    send: list[Callable[[bytes], None]] = []

    def connect(browser: WebSocketRoute) -> None:
        server = browser.connect_to_server()

        def tell(message: str | bytes) -> None:
            assert isinstance(message, bytes)
            (browser.send if held is None else held.append)(message)

        server.on_message(tell)
        browser.on_message(server.send)
        send.append(browser.send)

    page.route_web_socket(re.compile("_stcore/stream"), connect)
    sell(app)  # with its events, the page has the same parts before and after
    events_page(page, app, "?state=pending&type=product.created&by=webhook")
    clear = page.get_by_role("button", name="Clear filters")
    expect(clear).to_be_visible()
    held = []
    clear.click()
    while not ended(held, ForwardMsg.FINISHED_SUCCESSFULLY):
        page.wait_for_timeout(GLANCE)
    page.evaluate(RUN_TABLE)
    while not ended(held, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY):
        page.wait_for_timeout(GLANCE)
    late, held = held, None
    for message in late:
        send[-1](message)
    expect(state(page, "Relevant")).to_be_visible()
    page.evaluate("() => new Promise(done => setTimeout(() => requestAnimationFrame(done), 0))")
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(state(page, "Relevant")).to_be_visible()
    expect(page).to_have_url(f"{app.url}/app/events")


def ended(messages: list[bytes], how: ForwardMsg.ScriptFinishedStatus.ValueType) -> bool:
    """Whether a run of the page or of a part of it is among what the server has said."""
    read = [ForwardMsg.FromString(message) for message in messages]
    return any(
        one.WhichOneof("type") == "script_finished" and one.script_finished == how for one in read
    )


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
