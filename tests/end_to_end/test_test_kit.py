"""The Test kit in Chromium: a scenario to its verdict, a month of history, a reset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from pages.scenarios.catalog.scenarios import SCENARIOS
from tests.support.browsers.browser import PHONE, OpenPage
from tests.support.browsers.demo_history import fill_a_month

if TYPE_CHECKING:
    from tests.support.servers.dashboard import Process

LONG = 60_000
HEADER = ROW = 35  # pixels
TITLE, RUN, SESSION = 60, 350, 480


@pytest.fixture(scope="module")
def app(own_app: Process) -> Process:
    """One that may be reset."""
    return own_app


def kit(page: Page, app: Process, tab: str) -> Page:
    page.goto(f"{app.url}/app/test-kit?show={tab.replace(' ', '+')}")
    expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
    return page


def press_cell(page: Page, scenario: str, x: int) -> None:
    """Press a cell of the scenario's row, so many pixels from the left."""
    row = next(number for number, one in enumerate(SCENARIOS, 1) if one.name == scenario)
    page.get_by_test_id("stDataFrame").click(position={"x": x, "y": HEADER + ROW * row - ROW // 2})


def test_a_scenario_runs_from_its_row_and_leads_to_its_session_and_its_steps(
    page: Page, app: Process
) -> None:
    kit(page, app, "Scenarios")
    page.get_by_role("radio", name="Doubled").click()
    press_cell(page, "pro-paid", RUN)
    result = page.get_by_test_id("stDataFrame").get_by_text("Granted exactly once")
    expect(result).to_be_attached()
    expect(page.get_by_text("Fault injection is on")).to_have_count(0)
    page.reload()
    expect(result).to_be_attached()
    press_cell(page, "pro-paid", TITLE)
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_text("of them more than once")).to_be_visible()
    expect(drawer.get_by_text("Webhooks doubled")).to_be_visible()
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    press_cell(page, "pro-paid", SESSION)
    page.wait_for_url("**/app/sessions?session=cs_test_*")


def test_faults_stay_in_sight_until_they_are_cleared(open_page: OpenPage, app: Process) -> None:
    page = kit(open_page(size=PHONE, color_scheme="dark"), app, "Clock and faults")
    page.get_by_text("Send each twice").click()
    expect(page.get_by_text("Every webhook is sent twice.")).to_be_visible()
    kit(page, app, "Demo data")
    expect(page.get_by_role("tab", name="Demo data")).to_be_in_viewport(ratio=1)
    kit(page, app, "Test cards")
    expect(page.get_by_text("Every webhook is sent twice.")).to_be_visible()
    wider = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not page.evaluate(wider)
    page.get_by_role("button", name="Clear all faults").click()
    expect(page.get_by_text("Every webhook is sent twice.")).to_have_count(0)


def test_a_month_of_history_is_filled_in_and_a_reset_takes_it_away(
    page: Page, app: Process
) -> None:
    fill_a_month(page, app.url)
    page.get_by_role("link", name="Go to Sessions").click()
    expect(page.get_by_text("Extra credits").first).to_be_visible()
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()

    kit(page, app, "Demo data")
    page.get_by_role("button", name="Reset…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("will be deleted")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Reset…").click()
    dialog.get_by_role("button", name="Reset everything").click()
    expect(page.get_by_text("Everything was reset.")).to_be_visible()
    page.goto(f"{app.url}/app/billing")
    expect(page.get_by_text("No sessions yet")).to_be_visible()
