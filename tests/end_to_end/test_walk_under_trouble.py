"""Every page in Chromium while all of this holds at once: the browser knows no time zone, a bank
debit has failed, one email is half a character, Stripe is silent and a fault is switched on."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
import requests
from playwright.sync_api import Locator, Page, expect

from pages.scenarios.faults import ApiFaults, Faults, WebhookFaults
from pages.scenarios.sandbox_client import Controls
from tests.support.browsers.browser import OpenPage
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from tests.support.servers.dashboard import Process

SILENT_SECONDS = 12.0
NO_TIME_ZONE = """
    const known = Intl.DateTimeFormat.prototype.resolvedOptions;
    Intl.DateTimeFormat.prototype.resolvedOptions = function () {
        return { ...known.call(this), timeZone: "Etc/Unknown" };
    };
"""
NARROW = (390, 844)  # a window of a desktop's browser, that is: it does not say that it is a phone
FIRST_COLUMN, HEADER, ROW = 60, 36, 35  # pixels
PAGES = {
    "billing": "Billing",
    "sessions": "Sessions",
    "events": "Events",
    "test-kit": "Test kit",
    "setup": "Setup",
}


@pytest.fixture(scope="module")
def app(own_app: Process) -> Process:
    """One that may be in trouble."""
    return own_app


def created(app: Process, quantity: int) -> str:
    answer = requests.post(
        f"{app.url}/api/billing/extra-credits", json={"quantity": quantity}, timeout=9
    )
    return str(answer.json()["id"])


def our_copies(app: Process) -> sqlite3.Connection:
    return sqlite3.connect(app.log_file.parent / ".data/billing_sandbox.sqlite3", timeout=20)


def poison(app: Process, session_id: str) -> None:
    """Beside a session another one whose email holds half a character, as an earlier release may
    have stored it. Stripe does not know it, so nothing is read anew."""
    with closing(our_copies(app)) as connection, connection:
        connection.row_factory = sqlite3.Row
        query = "SELECT * FROM checkout_sessions WHERE id = ?"
        copy = dict(connection.execute(query, (session_id,)).fetchone())
        data = json.loads(copy["data"]) | {"id": f"{session_id}0"}
        data["customer_details"] = {"email": "half\ud83d@example.com"}
        copy |= {"id": data["id"], "data": json.dumps(data)}
        row = f"({', '.join(copy)}) VALUES ({', '.join(f':{name}' for name in copy)})"
        connection.execute(f"INSERT INTO checkout_sessions {row}", copy)


def outcome(app: Process, session_id: str) -> str:
    query = "SELECT outcome FROM checkout_sessions WHERE id = ?"
    with closing(our_copies(app)) as connection:
        (found,) = connection.execute(query, (session_id,)).fetchone() or ("",)
    return str(found)


@pytest.fixture(scope="module")
def controls(app: Process) -> Controls:
    return Controls(f"{app.url}/sandbox/_control")


@pytest.fixture(scope="module")
def failed_debit(app: Process, controls: Controls) -> str:
    """All of the trouble, and the session whose debit has failed."""
    wait_for(lambda: requests.get(f"{app.url}/api/billing/ready", timeout=9).ok)
    poisoned, failed = created(app, 7), created(app, 12)
    controls.pay(poisoned, email="whole@example.com", card="4242424242424242")
    controls.pay(
        failed, email="debit@example.com", bank_account="000111111116", settles_in_seconds=0
    )
    wait_for(lambda: (outcome(app, poisoned), outcome(app, failed)) == ("paid", "failed"))
    poison(app, poisoned)
    controls.set_faults(
        Faults(WebhookFaults(duplicates=1), ApiFaults(delay_seconds=SILENT_SECONDS))
    )
    return failed


def row(page: Page, text: str) -> Locator:
    return page.get_by_test_id("stDataFrame").first.locator("tr").filter(has_text=text)


def opened(page: Page, app: Process, path: str) -> Page:
    page.goto(f"{app.url}/app/{path}")
    name = PAGES[path.partition("?")[0]]
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    expect(page).to_have_title(name)
    expect(page.get_by_text("Fault injection is on")).to_be_visible()
    return page


def nothing_crashed(page: Page) -> None:
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_every_page_works_and_says_what_is_wrong(
    open_page: OpenPage, app: Process, failed_debit: str
) -> None:
    page = open_page()
    page.add_init_script(NO_TIME_ZONE)

    opened(page, app, f"billing?success=1&session_id={failed_debit}")
    expect(page.get_by_text("Checking the payment")).to_be_visible()
    expect(page.get_by_role("button", name="PAY WITH CARD")).to_be_enabled()
    expect(row(page, "12 credits")).to_contain_text("Failed")
    expect(row(page, "half\ufffd@example.com")).to_contain_text("7 credits")
    field = page.get_by_role("spinbutton", name="Number of credits")
    field.fill("1001")
    field.press("Enter")
    expect(page.get_by_text("Enter a whole number from 1 to 1,000")).to_be_visible()
    expect(page.get_by_role("button", name="BUY EXTRA LOAD CREDITS")).to_be_disabled()
    field.fill("1000")
    field.press("Enter")
    expect(page.get_by_role("button", name="BUY EXTRA LOAD CREDITS")).to_be_enabled()
    nothing_crashed(page)

    opened(page, app, "sessions")
    expect(row(page, "12 credits")).to_contain_text("Failed")
    expect(row(page, "half\ufffd@example.com")).to_contain_text("7 credits")
    expect(page.get_by_role("group", name="Created between start date")).to_be_visible()
    nothing_crashed(page)

    opened(page, app, "events")
    expect(row(page, "checkout.session.async_payment_failed").first).to_be_attached()
    nothing_crashed(page)

    opened(page, app, "test-kit")
    expect(page.get_by_role("tab", name="Open sessions")).to_be_visible()
    nothing_crashed(page)

    opened(page, app, "setup")
    expect(page.get_by_role("heading", name="Webhook")).to_be_visible()
    expect(page.get_by_text("status.stripe.com")).to_have_count(0)
    nothing_crashed(page)

    opened(page, app, "billing")
    page.get_by_role("button", name="Clear all faults").click()
    expect(page.get_by_text("Fault injection is on")).to_have_count(0)
    expect(page.get_by_role("button", name="PAY WITH CARD ($99/MO)")).to_be_enabled()
    page.goto(f"{app.url}/app/billing?success=1&session_id={failed_debit}")
    expect(page.get_by_text("Payment failed")).to_be_visible()


def test_a_row_opens_by_its_first_column_and_from_the_keyboard_and_no_toolbar_lies_over_it(
    page: Page, app: Process
) -> None:
    session_id = created(app, 3)
    page.goto(f"{app.url}/app/billing")
    expect(row(page, "3 credits")).to_be_attached()
    table = page.get_by_test_id("stDataFrame").first
    table.hover()
    expect(table.get_by_test_id("stElementToolbar")).not_to_be_visible()
    table.click(position={"x": FIRST_COLUMN, "y": HEADER + ROW // 2})
    drawer = page.get_by_role("dialog")
    expect(drawer).to_contain_text(session_id)
    expect(page).to_have_url(re.compile(f"session={session_id}"))
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    table.locator("canvas").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+Space")
    expect(page.get_by_role("dialog")).to_be_visible()


def test_in_a_narrow_window_the_navigation_closes_once_a_page_is_chosen(
    open_page: OpenPage, app: Process
) -> None:
    page = open_page(size=NARROW)
    page.goto(f"{app.url}/app/billing")
    page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_role("link", name="Events").click()
    expect(page.get_by_role("heading", name="Events", level=1)).to_be_visible()
    expect(page.get_by_test_id("stSidebar")).to_have_attribute("data-collapsed", "true")
