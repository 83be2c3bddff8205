"""The Test kit in Chromium: a scenario from its row to its verdict, its steps and its session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import Page, expect

from pages.scenarios.catalog.scenarios import SCENARIOS
from tests.support.browsers.browser import PHONE, OpenPage

if TYPE_CHECKING:
    from tests.support.servers.dashboard import Process

HEADER = ROW = 35  # pixels
TITLE, RUN, SESSION = 60, 350, 480


def kit(page: Page, app: Process, tab: str) -> Page:
    page.goto(f"{app.url}/app/test-kit?show={tab.replace(' ', '+')}")
    expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
    return page


def press_cell(page: Page, scenario: str, x: int) -> None:
    """Press a cell of the scenario's row, so many pixels from the left, once what was pressed
    before is done: a table that is drawn anew loses the press."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    row = next(number for number, one in enumerate(SCENARIOS, 1) if one.name == scenario)
    page.get_by_test_id("stDataFrame").click(position={"x": x, "y": HEADER + ROW * row - ROW // 2})


def test_a_scenario_runs_from_its_row_and_leads_to_its_session_and_its_steps(
    page: Page, app: Process
) -> None:
    kit(page, app, "Scenarios")
    page.get_by_role("radio", name="Doubled").click()
    expect(page.get_by_role("radio", name="Doubled")).to_be_checked()
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


def test_on_a_phone_the_tab_that_is_shown_is_in_sight(open_page: OpenPage, app: Process) -> None:
    page = kit(open_page(size=PHONE, color_scheme="dark"), app, "Demo data")
    expect(page.get_by_role("tab", name="Demo data")).to_be_in_viewport(ratio=0.9)
