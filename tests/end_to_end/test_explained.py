"""What went wrong with a payment is read from its session's page alone, in Chromium."""

from __future__ import annotations

from typing import TYPE_CHECKING

import requests
from playwright.sync_api import Locator, Page, expect

from pages.scenarios.faults import ApiFaults, Faults, WebhookFaults
from pages.scenarios.sandbox_client import Controls
from tests.end_to_end.conftest import create_session

if TYPE_CHECKING:
    from tests.support.servers.dashboard import Process

ATTEMPTS = 10
NEXT_TRY = 10  # seconds: the first comes after five


def test_three_causes_at_once_are_each_seen_and_named(page: Page, app: Process) -> None:
    """Stripe fails once, each event is delivered twice, and what is sent first is not answered."""
    controls = Controls(f"{app.url}/sandbox/_control")
    try:
        session_id = created_at_second_try(app, controls)
        controls.pay(session_id, email="explained@example.com", card="4242424242424242")
        page.goto(f"{app.url}/app/sessions?session={session_id}")
        drawer = page.get_by_role("dialog")
        created = drawer.get_by_role("group").filter(has_text="Created through the API")
        completed = drawer.get_by_role("group").filter(has_text="Checkout completed")
        expect(created).to_contain_text("2 tries: 500, then 200")
        expect(completed).to_contain_text("1 failed attempt")
        controls.advance(NEXT_TRY)
        expect(completed).to_contain_text("delivered 2 times")
        expect(drawer.get_by_text("Granted: 3 extra credits")).to_be_visible()
    finally:
        controls.set_faults(Faults())

    events = followed(page, completed, "1 failed attempt")
    expect(events.get_by_role("heading", name="Events", level=1)).to_be_visible()
    expect(events.get_by_role("dialog")).to_contain_text("checkout.session.completed")
    asked = followed(page, created, "POST")
    expect(asked.get_by_role("heading", name="Requests", level=1)).to_be_visible()
    expect(asked.get_by_role("dialog")).to_contain_text("/v1/checkout/sessions")


def created_at_second_try(app: Process, controls: Controls) -> str:
    """A session, with these faults; another one where Stripe failed at what was asked by itself."""
    for _ in range(ATTEMPTS):
        controls.set_faults(
            Faults(WebhookFaults(duplicates=1, drop=True), ApiFaults(status=500, requests=1))
        )
        session_id = create_session(app, 3)
        logged = requests.get(
            f"{app.url}/sandbox/_control/requests",
            {"status": "500", "limit": "1"},
            auth=("sk_test_x", ""),
            timeout=30,
        )
        if logged.json()["data"][0]["method"] == "POST":
            return session_id
    raise AssertionError("Stripe never failed at creating a session")


def followed(page: Page, step: Locator, link: str) -> Page:
    """What a link within a step of the timeline opens, in a tab of its own."""
    step.locator("summary").click()
    with page.expect_popup() as opened:
        step.get_by_role("link", name=link).first.click()
    return opened.value
