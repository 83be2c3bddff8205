"""Setting an account up from nothing on the Setup page, in Chromium."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import stripe
from playwright.sync_api import Page, expect

from tests.end_to_end.test_accessibility import check
from tests.support.servers.dashboard import Process, dashboard, lone_sandbox
from tests.support.servers.server import listening_socket
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from pathlib import Path

KEY = "sk_test_of_a_stranger_and_long_ABCD"
NOT_SET_UP = {
    "billing": "Create both Prices",
    "test-kit": "need the local sandbox",
}


def setup_page(page: Page, app: Process, verdict: str) -> None:
    """Open it; where a busy machine was slow to answer, which is a warning, check again."""
    page.goto(f"{app.url}/app/setup")
    alert = page.get_by_test_id("stAlert").filter(has_text=verdict)
    slow = page.get_by_text(re.compile("which is slow|did not answer within"))

    def is_said() -> bool:
        expect(alert.or_(slow).first).to_be_visible()
        if said := alert.is_visible():
            return said
        page.get_by_role("button", name="Check again").click()
        return False

    wait_for(is_said, verdict)


def made(page: Page, button: str, *named: str) -> tuple[str, str] | None:
    """Press the button, read what will be made, say yes; the setting's name and value, or None
    where none has to be set."""
    page.get_by_role("button", name=button).click()
    dialog = page.get_by_role("dialog")
    for text in named:
        expect(dialog).to_contain_text(text)
    dialog.get_by_role("button", name="Create", exact=True).click()
    expect(dialog.get_by_test_id("stAlert").filter(has_text="Created")).to_be_visible()
    shown = dialog.get_by_test_id("stCode").or_(dialog.get_by_text("sold from now on"))
    line = re.fullmatch(r'(\w+) = "(\S+)"', shown.inner_text().strip())
    dialog.get_by_role("button", name="Done").click()
    expect(dialog).to_be_hidden()
    return (line.group(1), line.group(2)) if line else None


def test_an_empty_account_is_set_up_from_the_page(page: Page, tmp_path: Path) -> None:
    """What is missing is made after asking; with its ids in the settings all is in order. Until
    then every page can be used by everybody."""
    folder = tmp_path / "stripe"
    folder.mkdir()
    with listening_socket() as held:
        port = held.getsockname()[1]
    with lone_sandbox(folder) as stripe_alone:
        settings = {"STRIPE_SECRET_KEY": KEY, "STRIPE_API_BASE": stripe_alone.url}
        client = stripe.StripeClient(KEY, base_addresses={"api": stripe_alone.url})
        account = client.v1.accounts.retrieve_current().id
        with dashboard(tmp_path, settings, port=port) as app:
            for path, says in NOT_SET_UP.items():
                page.goto(f"{app.url}/app/{path}")
                expect(page.get_by_text(says).first).to_be_visible()
                check(page)
            setup_page(page, app, "4 problems found")
            check(page)
            page.get_by_role("button", name="Create this endpoint").click()
            expect(page.get_by_role("dialog")).to_contain_text("will be created")
            check(page)
            page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
            expect(page.get_by_role("dialog")).to_be_hidden()
            assert not client.v1.webhook_endpoints.list().data
            assert not made(page, "Create this Price ($99 every month)", account, "Pro plan")
            assert not made(page, "Create this Price ($0.99 once)", account, "Extra load credit")
            found = made(page, "Create this endpoint", account, "checkout.session.completed")
            assert found
            name, secret = found
            assert secret.startswith("whsec_")
            expect(page.get_by_role("button", name="Create this endpoint")).to_have_count(0)
            assert secret not in page.content() + app.log
            assert KEY not in page.content() + app.log
            assert len(client.v1.prices.list().data) == 2
            assert len(client.v1.webhook_endpoints.list().data) == 1
            secrets = tmp_path / ".streamlit/secrets.toml"
            secrets.parent.mkdir()
            secrets.write_text(f'{name} = "{secret}"\n')
            page.get_by_role("button", name="Check again").click()
            expect(page.get_by_text("Restart the app")).to_be_visible()
            page.goto("about:blank")  # a page that is open would ask the server that ends
        with dashboard(tmp_path, settings, port=port) as app:
            setup_page(page, app, "Everything is set up")
            expect(page.get_by_text(".streamlit/secrets.toml")).to_have_count(1)
            expect(page.get_by_text("lookup key")).to_have_count(2)
