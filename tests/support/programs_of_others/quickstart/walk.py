"""The shop, walked in a browser from sign-up to the portal, where the subscription is canceled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Page, expect, sync_playwright

from tests.support.browsers.browser import ARGUMENTS, BrowserLog
from tests.support.browsers.checkout import press_pay
from tests.support.chromium import find
from tests.support.older_sdk.installed import npm_package
from tests.support.older_sdk.runs import FailedError
from tests.support.programs_of_others.environments import python_with
from tests.support.programs_of_others.shops import started, webhook
from tests.support.servers.server import free_port
from tests.support.stripe.sandbox_server import SandboxServer
from tests.support.waiting import wait_for

FOLDER = Path(__file__).parent
FLASK = ("Flask==3.1.0", "stripe==11.3.0")
EXPRESS = ("express@4.21.1", "stripe@17.4.0")
"""What was new in November 2024."""
VERSION = "2024-11-20.acacia"
"""The API version that either SDK asks in."""
EXPECTED = {
    *("checkout.session.completed", "customer.subscription.created", "invoice.paid"),
    "customer.subscription.updated",
}


def run_flask(server: SandboxServer) -> None:
    """FailedError: what did not pass."""
    python = python_with("flask-quickstart", FLASK, "\n".join(FLASK))
    _run(server, [str(python), str(FOLDER / "server.py")])


def run_express(server: SandboxServer) -> None:
    """Likewise."""
    folder = npm_package("-".join(EXPRESS), *EXPRESS)
    _run(server, ["node", str(FOLDER / "server.cjs"), str(folder)])


def _run(server: SandboxServer, command: list[str]) -> None:
    port = free_port()
    shop = f"http://127.0.0.1:{port}"
    secret = webhook(server, f"{shop}/webhook", VERSION)
    with started((*command, port, server.url, secret), f"{shop}/received"):
        _in_a_browser(lambda page: _walk(page, shop))
        wait_for(lambda: _canceled(shop) and _types(shop) >= EXPECTED, "the shop knows")
        if refused := requests.get(f"{shop}/refused", timeout=9).json():
            raise FailedError(f"refused webhooks: {refused}")


def _in_a_browser(walk: Callable[[Page], None]) -> None:
    """FailedError: a page has an error. NoChromium."""
    with sync_playwright() as playwright:
        program = find(playwright.chromium.executable_path)
        browser = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        context = browser.new_context()
        log = BrowserLog()
        with log.watching(context):
            walk(context.new_page())
        browser.close()
    if log.problems:
        raise FailedError("; ".join(log.problems))


def _walk(page: Page, shop: str) -> None:
    page.goto(shop)
    page.get_by_label("Your email").fill("ann@example.com")
    page.get_by_role("button", name="Subscribe to Pro").click()
    expect(page.get_by_label("Email")).to_have_value("ann@example.com")
    page.get_by_label("Card number").press_sequentially("4242424242424242")
    page.get_by_label("Expiry").press_sequentially("1240")
    page.get_by_label("CVC").press_sequentially("123")
    page.get_by_label("Name on card").fill("Ann")
    press_pay(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("You are subscribed")
    page.get_by_role("button", name="Manage billing").click()
    page.get_by_role("link", name="Cancel subscription").click()
    page.get_by_role("button", name="Cancel subscription").click()
    expect(page.get_by_role("article")).to_contain_text("Your subscription ends on")
    page.get_by_role("link", name="Return to the shop").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign up")


def _received(shop: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = requests.get(f"{shop}/received", timeout=9).json()
    return found


def _types(shop: str) -> set[str]:
    return {event["type"] for event in _received(shop)}


def _canceled(shop: str) -> bool:
    """Whether the shop has heard that the subscription is to end."""
    return any(
        event["type"] == "customer.subscription.updated" and event["object"]["cancel_at"]
        for event in _received(shop)
    )
