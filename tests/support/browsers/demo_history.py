"""A month of history in the sandbox, by the Test kit's own button."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

LONG = 60_000.0  # milliseconds
LONGEST = 600_000.0


def fill_a_month(page: Page, url: str, sessions: int = 400) -> None:
    """Press it, and wait until the dashboard at ``url`` has read all of it; ``sessions`` is one of
    the sizes that are offered."""
    page.goto(f"{url}/app/test-kit?show=Demo+data")
    page.get_by_role("radio", name=f"{sessions:,}", exact=True).click()
    page.get_by_role("button", name="Create demo data").click()
    confirm = page.get_by_role("button", name="Replace everything")
    told = page.get_by_text("sessions of the last 30 days were created")
    expect(confirm.or_(told)).to_be_visible(timeout=LONGEST)
    if confirm.is_visible():  # there was something before
        confirm.click()
    expect(told).to_be_visible(timeout=LONGEST if sessions > 2_000 else LONG)
