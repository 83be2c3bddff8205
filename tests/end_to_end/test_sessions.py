"""The Sessions page in Chromium: found by its address, looked at, acted on, taken along."""

from __future__ import annotations

import csv
import io
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from billing.domain.sessions.checkout_session import Outcome
from pages.components.text.chips import outcome_text
from pages.components.text.ids import short_id
from pages.scenarios.sandbox_client import Controls
from tests.end_to_end.conftest import create_session
from tests.end_to_end.test_paying import banner, newest_row, pay, sandbox_client
from tests.support.browsers.accessibility import fits
from tests.support.browsers.browser import PHONE, OpenPage
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


def test_what_is_chosen_stands_in_the_address_and_opens_the_same_for_a_colleague(
    page: Page, open_page: OpenPage, app: Process
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

    colleague = open_page()
    colleague.goto(page.url)
    expect(colleague.get_by_label("Search", exact=True)).to_have_value("$40.59")
    newest_row(colleague, "41 credits", short_id(session_id))
    expect(colleague.get_by_role("button", name=OPEN, exact=True, pressed=True)).to_be_visible()
    drawer = choose_row(colleague)
    expect(drawer).to_contain_text(session_id)
    expect(colleague).to_have_url(re.compile(f"session={session_id}"))
    colleague.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    expect(colleague).not_to_have_url(re.compile("session="))


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
        expect(bar.page).to_have_url(re.compile(r"days=.+outcome=\w+"), timeout=3_000)
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


def test_expiring_asks_first_and_the_same_is_made_again(page: Page, app: Process) -> None:
    session_id = create_session(app, 7)
    drawer = sessions_page(page, app, f"?session={session_id}").get_by_role("dialog")
    drawer.get_by_role("button", name="Expire…").click()
    drawer.get_by_role("button", name="Expire session").click()
    expect(drawer).to_contain_text("The session was expired.")
    assert sandbox_client(app).v1.checkout.sessions.retrieve(session_id).status == "expired"
    drawer.get_by_role("button", name="Duplicate").click()
    expect(page.get_by_role("dialog")).to_contain_text("Created as a duplicate of")
    expect(page).not_to_have_url(re.compile(session_id))
    again = re.search(r"session=(cs_test_\w+)", page.url)
    assert again
    new = sandbox_client(app).v1.checkout.sessions.retrieve(again.group(1))
    assert (new.amount_total, new.status) == (7 * 99, "open")


def test_of_two_people_the_second_is_reported_and_nothing_breaks(
    page: Page, open_page: OpenPage, app: Process
) -> None:
    session_id = create_session(app, 8)
    drawers = [
        sessions_page(one, app, f"?session={session_id}").get_by_role("dialog")
        for one in (page, open_page())
    ]
    for drawer in drawers:
        drawer.get_by_role("button", name="Expire…").click()
        expect(drawer.get_by_role("button", name="Expire session")).to_be_visible()
    sandbox_client(app).v1.checkout.sessions.expire(session_id)
    for drawer in drawers:
        # Either the button is still there and says who was first, or the drawer knows already.
        with suppress(PlaywrightTimeoutError):
            drawer.get_by_role("button", name="Expire session").dispatch_event("click", timeout=100)
        expect(drawer).to_contain_text(re.compile("Session closed"))
        expect(drawer.get_by_role("button", name="Expire…")).to_have_count(0)


def test_the_link_is_there_to_copy_and_to_scan(page: Page, app: Process) -> None:
    session_id = create_session(app, 2)
    sessions_page(page, app, f"?session={session_id}")
    page.get_by_role("button", name="Link and QR code").click()
    url = sandbox_client(app).v1.checkout.sessions.retrieve(session_id).url
    popover = page.get_by_test_id("stPopoverBody")
    expect(popover.get_by_text(url or "-", exact=True)).to_be_visible()
    expect(page.get_by_alt_text("QR code of the Checkout link")).to_be_visible()
    expect(page.get_by_text("other devices cannot open it")).to_be_visible()


def test_what_is_filtered_is_taken_along_as_a_file(page: Page, app: Process) -> None:
    session_id = create_session(app, 613)
    sessions_page(page, app, "?q=606.87")
    newest_row(page, "613 credits")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export as CSV").click()
    assert download.value.suggested_filename.endswith(".csv")
    contents = Path(download.value.path()).read_text("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(contents))
    assert (row["id"], row["amount"], row["currency"]) == (session_id, "606.87", "USD")


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


def test_an_address_that_makes_no_sense_breaks_nothing(page: Page, app: Process) -> None:
    create_session(app, 1)
    sessions_page(
        page, app, "?outcome=%3Cb%3E&days=never&kind=&ours=2&session=cs_test_%22%3E%3Cimg%20src%3Dx"
    )
    expect(page.get_by_role("dialog")).to_contain_text("Session not found")
    page.keyboard.press("Escape")
    newest_row(page, "1 credit")


def test_hostile_text_in_the_search_is_only_text(page: Page, app: Process) -> None:
    create_session(app, 1)  # without a session there is no search
    sessions_page(page, app)
    page.get_by_label("Search", exact=True).fill(HOSTILE)
    page.get_by_label("Search", exact=True).press("Enter")
    banner(page, "No matching sessions")
    page.get_by_role("button", name="Clear filters").click()
    expect(page.get_by_test_id("stDataFrame").first).to_be_visible()
    expect(page.get_by_label("Search", exact=True)).to_have_value("")


def test_on_a_phone_nothing_lies_beside_the_screen(open_page: OpenPage, app: Process) -> None:
    session_id = create_session(app, 1)
    page = sessions_page(open_page(PHONE, "dark"), app)
    expect(page.get_by_test_id("stDataFrame").first).to_be_visible()
    assert fits(page)
    sessions_page(page, app, f"?session={session_id}")
    drawer = page.get_by_role("dialog")
    expect(drawer).to_contain_text("Waiting for a payment")
    expect(drawer.get_by_role("button", name="Duplicate")).to_be_in_viewport()
    assert fits(page)
