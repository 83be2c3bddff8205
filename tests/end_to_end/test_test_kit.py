"""The Test kit in Chromium: a scenario to its verdict, a month of history, a reset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import Page, expect

from tests.support.browser import PHONE, OpenPage
from tests.support.demo_history import fill_a_month

if TYPE_CHECKING:
    from tests.support.dashboard import Process

LONG = 60_000


def kit(page: Page, app: Process, tab: str) -> Page:
    page.goto(f"{app.url}/app/test-kit?show={tab.replace(' ', '+')}")
    expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
    return page


def test_a_scenario_runs_to_its_verdict_and_leads_to_the_session(page: Page, app: Process) -> None:
    kit(page, app, "Scenarios")
    page.locator(".st-key-run_webhook-twice").get_by_role(
        "button", name="Run: Webhook twice"
    ).click()
    expect(page.get_by_text("Granted exactly once")).to_be_visible()
    expect(page.get_by_text("checkout.session.completed twice")).to_be_visible()
    page.get_by_text("5 steps").click()
    expect(page.get_by_text("Every webhook is sent twice")).to_be_visible()
    expect(page.get_by_text("Fault injection is on")).to_have_count(0)
    page.get_by_role("link", name="Open session").click()
    page.wait_for_url("**/app/sessions?session=cs_test_*")


def test_faults_stay_in_sight_until_they_are_cleared(open_page: OpenPage, app: Process) -> None:
    page = kit(open_page(size=PHONE, color_scheme="dark"), app, "Clock and faults")
    page.get_by_text("Send each twice").click()
    expect(page.get_by_text("Every webhook is sent twice.")).to_be_visible()
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
