"""A tab that nobody touches, in Chromium: it shows what happens elsewhere."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import requests
from playwright.sync_api import WebSocketRoute, expect

from billing.urls import CHANGES_PATH
from tests.end_to_end.test_paying import billing_page, newest_row
from tests.pages.components.text.test_times import AGES, NOW

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.support.servers.dashboard import Process

LONGER_THAN_A_POLL = 26_000  # milliseconds
LONGER_THAN_HIDDEN = 11_000
HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { get: () => hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""

SHOW_TIMES = """moments => {
  for (const moment of moments) {
    const shown = document.body.appendChild(document.createElement("time"));
    shown.dateTime = moment;
    shown.textContent = "at the server";
  }
}"""
NOTE_WHAT_TABLES_DRAW = """() => {
  window.drawn = [];
  const { fillText } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...where) {
    window.drawn.push(text);
    return fillText.call(this, text, ...where);
  };
}"""


def sell(app: Process, quantity: int) -> str:
    url = f"{app.url}/api/billing/extra-credits"
    return str(requests.post(url, json={"quantity": quantity}, timeout=30).json()["id"])


def pay(app: Process, session: str) -> None:
    body = {"email": "payer@example.com", "name": "A payer", "card": "4242424242424242"}
    requests.post(
        f"{app.url}/sandbox/_control/sessions/{session}/pay",
        json=body,
        headers={"Authorization": "Bearer sk_test_x"},
        timeout=30,
    ).raise_for_status()


def test_a_payment_is_shown_without_a_question_and_where_nothing_is_heard_by_a_slow_poll(
    page: Page, app: Process
) -> None:
    heard = True
    open_ones: list[WebSocketRoute] = []

    def connect(browser: WebSocketRoute) -> None:
        if heard:
            browser.connect_to_server()
            open_ones.append(browser)
        else:
            browser.close()

    page.route_web_socket(re.compile(f"{CHANGES_PATH}$"), connect)
    page.clock.install()
    billing_page(page, app)
    session = sell(app, 41)
    newest_row(page, "41 credits", "Open")
    pay(app, session)
    newest_row(page, "41 credits", "Paid")

    heard = False
    for one in open_ones:
        one.close()
    page.wait_for_function("!window.liveFeed.isOpen")
    session = sell(app, 42)
    page.clock.fast_forward(LONGER_THAN_A_POLL)
    newest_row(page, "42 credits", "Open")


def test_a_hidden_tab_hears_of_nothing_and_shows_all_once_it_is_looked_at(
    page: Page, app: Process
) -> None:
    sent: list[str | bytes] = []
    page.on("websocket", lambda one: one.on("framesent", lambda frame: sent.append(frame)))
    page.clock.install()
    billing_page(page, app)
    page.wait_for_function("window.liveFeed?.isOpen")
    page.evaluate(HIDE, True)
    page.clock.fast_forward(LONGER_THAN_HIDDEN)
    page.wait_for_function("!window.liveFeed.isOpen")
    sent.clear()
    session = sell(app, 43)
    pay(app, session)
    page.clock.fast_forward(LONGER_THAN_A_POLL)
    assert not sent
    page.evaluate(HIDE, False)
    newest_row(page, "43 credits", "Paid")


def test_times_count_in_the_browser_and_a_row_tells_its_own_in_full(
    page: Page, app: Process
) -> None:
    sell(app, 44)
    billing_page(page, app)
    newest_row(page, "44 credits")
    table = page.get_by_test_id("stDataFrameResizable").first
    table.hover(position={"x": 300, "y": 52})
    expect(table).to_have_attribute("title", re.compile(r"^Created: \d\d \w+ \d{4}, [\d:]{8}$"))

    page.evaluate(NOTE_WHAT_TABLES_DRAW)
    page.evaluate(HIDE, False)
    page.wait_for_function("drawn.some(text => text.endsWith(' ago'))")

    moments = [datetime.fromtimestamp(NOW - age, UTC).isoformat() for age, _ in AGES]
    page.evaluate(SHOW_TIMES, moments)
    page.clock.set_fixed_time(NOW)
    page.evaluate(HIDE, False)
    expect(page.locator("body > time")).to_have_text([words for _, words in AGES])
