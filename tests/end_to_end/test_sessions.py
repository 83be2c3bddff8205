"""The Sessions page in Chromium: found by its address, looked at, acted on, taken along."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import Locator, Page, expect

from billing.domain.sessions.checkout_session import Outcome
from pages.components.text.chips import outcome_text
from pages.components.text.ids import short_id
from pages.scenarios.sandbox_client import Controls
from tests.end_to_end.conftest import create_session
from tests.end_to_end.test_paying import banner, newest_row, pay
from tests.support.browsers.browser import PHONE
from tests.support.browsers.checkout import INSUFFICIENT_FUNDS, PAID
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from tests.support.servers.dashboard import Process

HEADER = ROW = 35  # pixels
FIRST_COLUMN = 60
OPEN = outcome_text(Outcome.OPEN)
EXPIRED = outcome_text(Outcome.EXPIRED)
HOSTILE = "<img src=x onerror=alert(1)> :red[x] 50%_"


def sessions_page(page: Page, app: Process, query: str = "") -> Page:
    page.goto(f"{app.url}/app/sessions{query}")
    folded = page.get_by_text("Filters", exact=True)  # on a phone
    search = page.get_by_label("Search", exact=True)
    expect(search.or_(folded).filter(visible=True).first).to_be_visible()
    return page


def choose_row(page: Page, number: int = 1) -> Locator:
    """Press the first column of a row; the drawer that opens."""
    table = page.get_by_test_id("stDataFrame").first
    table.click(position={"x": FIRST_COLUMN, "y": HEADER + ROW * number - ROW // 2})
    drawer = page.get_by_role("dialog")
    expect(drawer).to_be_visible()
    return drawer


def test_what_is_chosen_stands_in_the_address_opens_the_same_and_is_taken_along_as_a_file(
    page: Page, app: Process
) -> None:
    session_id = create_session(app, 41)
    create_session(app, 42)
    sessions_page(page, app)
    page.get_by_role("button", name=OPEN, exact=True).click()
    page.get_by_label("Search", exact=True).fill("$40.59")
    page.get_by_label("Search", exact=True).press("Enter")
    expect(page).to_have_url(re.compile(r"outcome=open"))
    expect(page).to_have_url(re.compile(r"q=%2440\.59|q=\$40\.59"))
    newest_row(page, "41 credits", "$40.59", short_id(session_id))

    page.reload()
    expect(page.get_by_label("Search", exact=True)).to_have_value("$40.59")
    newest_row(page, "41 credits", short_id(session_id))
    expect(page.get_by_role("button", name=OPEN, exact=True, pressed=True)).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export as CSV").click()
    assert download.value.suggested_filename.endswith(".csv")
    contents = Path(download.value.path()).read_text("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(contents))
    assert (row["id"], row["amount"], row["currency"]) == (session_id, "40.59", "USD")
    drawer = choose_row(page)
    expect(drawer).to_contain_text(session_id)
    expect(page).to_have_url(re.compile(f"session={session_id}"))
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    expect(page).not_to_have_url(re.compile("session="))


def test_a_refund_from_the_drawer_takes_what_was_typed_just_before_the_press(
    page: Page, app: Process
) -> None:
    session_id = create_session(app, 10)
    controls = Controls(f"{app.url}/sandbox/_control")
    controls.pay(session_id, email="ada@example.com", card="4242424242424242")
    sessions_page(page, app, f"?session={session_id}")
    drawer = page.get_by_role("dialog")
    drawer.get_by_role("button", name="Refund…").click()
    drawer.get_by_text("Some credits").click()
    expect(drawer).to_contain_text("Takes back 1 of 10 credits; 9 stay.")
    drawer.get_by_role("spinbutton", name="Credits to take back").fill("3")
    drawer.get_by_role("button", name="Refund $0.99").click()
    expect(drawer).to_contain_text("$2.97 refunded. 3 credits taken back.")
    expect(drawer).to_contain_text("Partly refunded")
    # On a phone, the customer's table of sessions shows all of it.
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    page.goto(f"{app.url}/app/customers?customer=ada@example.com")
    sales = drawer.locator(".stTable").filter(has_text="Partly refunded")
    expect(sales).to_be_visible()
    assert sales.locator(":scope > div").evaluate("e => e.scrollWidth <= e.clientWidth")
    page.goto(f"{app.url}/app/sessions?session={session_id}")
    drawer.locator(f".st-key-more_{session_id}").get_by_role("button").click()
    page.get_by_role("menuitem", name="Dispute…").click()
    expect(drawer).to_contain_text("The bank holds the money, and all 7 credits with it")


def test_filters_are_stored_from_page_to_page_and_undone_by_the_way_back(
    page: Page, app: Process
) -> None:
    create_session(app, 1)
    sessions_page(page, app, "?status=Open")
    for name in (EXPIRED, "Extra credits"):
        page.get_by_role("button", name=name, exact=True).click()
    expect(page).to_have_url(re.compile("outcome=open&outcome=declined&outcome=expired"))
    expect(page).to_have_url(re.compile("kind=credits"))
    expect(page).not_to_have_url(re.compile("status="))
    page.get_by_role("link", name="Setup").click()
    expect(page.get_by_role("heading", name="Setup")).to_be_visible()
    expect(page).not_to_have_url(re.compile("outcome"))
    page.get_by_role("link", name="Sessions", exact=True).click()
    expect(page).to_have_url(re.compile("outcome=open&outcome=declined&outcome=expired"))
    expect(page).to_have_url(re.compile("kind=credits"))
    page.get_by_role("button", name=EXPIRED, exact=True).click()
    expect(page).not_to_have_url(re.compile("expired"))
    page.go_back()
    expect(page).to_have_url(re.compile("outcome=open&outcome=declined&outcome=expired"))
    expect(page.get_by_role("button", name=EXPIRED, exact=True, pressed=True)).to_be_visible()


def is_filtered_by(bar: Locator) -> bool:
    """Press the chart, whose one day's bar stands in the middle; whether that has filtered."""
    bar.click()
    try:
        expect(bar.page).to_have_url(re.compile(r"(?=.*days=)(?=.*outcome=\w+)"), timeout=3_000)
    except AssertionError:
        return False
    return True


def test_a_bar_of_the_chart_filters_each_time_it_is_pressed(page: Page, app: Process) -> None:
    create_session(app, 1)
    sessions_page(page, app, "?source=api")
    bar = page.get_by_role("img", name=re.compile("Sessions per day"))
    for _ in range(2):
        expect(page).not_to_have_url(re.compile("days="))
        expect(bar).to_be_visible()
        wait_for(lambda: is_filtered_by(bar), "a filter, once the bars are drawn")
        page.get_by_role("button", name="Clear filters").click()


def test_the_drawer_follows_a_decline_and_a_payment_in_another_tab(
    page: Page, app: Process
) -> None:
    session_id = create_session(app, 3)
    drawer = sessions_page(page, app, f"?session={session_id}").get_by_role("dialog")
    expect(drawer).to_contain_text("Created through the API")
    expect(drawer).to_contain_text("Waiting for a payment")
    with page.expect_popup() as popup:
        drawer.get_by_role("link", name="Open Checkout").click()
    checkout = popup.value
    pay(checkout, INSUFFICIENT_FUNDS)
    expect(drawer).to_contain_text("insufficient_funds")
    expect(drawer).to_contain_text("signature verified")
    pay(checkout, PAID)
    banner(checkout, "Payment received")
    for text in ("Checkout completed", "Granted: 3 extra credits", "tester@example.com", "Paid"):
        expect(drawer).to_contain_text(text)
    expect(drawer.get_by_role("link", name="Open Checkout")).to_have_count(0)
    drawer.get_by_role("button", name="Close").click()
    expect(drawer).to_have_count(0)
    newest_row(page, "3 credits", "Paid", "tester@example.com")


def test_rows_stay_where_they_are_and_newer_ones_wait_behind_a_button(
    page: Page, app: Process
) -> None:
    first = create_session(app, 51)
    sessions_page(page, app)
    newest_row(page, "51 credits", short_id(first))
    second = create_session(app, 52)
    show = page.get_by_role("button", name=re.compile(r"Show \d+ new$"))
    expect(show).to_be_visible()
    newest_row(page, short_id(first))
    show.click()
    newest_row(page, short_id(second))

    def nothing_is_new() -> bool:
        if show.is_visible():  # a session of a test before that was found only now
            show.click()
        page.wait_for_timeout(50)
        return show.count() == 0

    wait_for(nothing_is_new)


def test_a_press_on_a_header_sorts_nothing(page: Page, app: Process) -> None:
    for quantity in (2, 12, 3):  # $1.98, $11.88 and $2.97, which text would sort otherwise
        create_session(app, quantity)
    sessions_page(page, app)
    table = page.get_by_test_id("stDataFrame").first
    expect(table.locator("tbody tr").nth(2)).to_contain_text("cs_…")

    def order() -> list[str]:
        return re.findall(r"cs_…\w+", " ".join(table.locator("tbody tr").all_inner_texts()))

    before = order()
    for _ in range(2):  # up, then down
        table.click(position={"x": 250, "y": HEADER // 2})
        page.evaluate("() => new Promise(done => setTimeout(() => requestAnimationFrame(done), 0))")
        assert order() == before
