"""Signing in by OIDC: a dashboard, a real provider and a browser."""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
import requests
from itsdangerous import TimestampSigner
from playwright.sync_api import Page, expect
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from streamlit.web.server.starlette.starlette_server_config import SESSION_COOKIE_NAME

from billing.access.oidc.cookie import USER_COOKIE
from billing.domain.durations import HOUR
from tests.support.browsers.accessibility import check
from tests.support.browsers.browser import PHONE
from tests.support.servers.dashboard import Process, dashboard
from tests.support.servers.stand_ins.oidc_provider import oidc_provider, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.browsers.browser import BrowserLog, OpenPage

USERS: dict[str, dict[str, Any]] = {
    "ann": {"email": "Ann@example.com", "email_verified": True},
    "rita": {"email": "rita@elsewhere.example", "groups": ["readers"]},
    "eve": {"email": "eve@elsewhere.example"},
}
MEMBERS = {"BILLING_ADMINS": "ann@example.com", "BILLING_VIEWERS": "group:readers"}
WANTED = "/app/sessions?status=complete&q=a%26b"
RETURNED = "/app/billing?success=1&session_id=cs_test_x"
DATABASE = ".data/billing_sandbox.sqlite3"
ENTITLEMENTS = "/api/billing/entitlements?customer=cus_x"


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with oidc_provider(tmp_path_factory.mktemp("provider"), USERS) as url:
        yield url


@pytest.fixture(scope="module")
def app(provider: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with dashboard(tmp_path_factory.mktemp("signed_in"), settings(provider) | MEMBERS) as running:
        yield running


@pytest.fixture(autouse=True)
def the_provider_asks_for_a_style_sheet(browser_log: BrowserLog) -> None:
    browser_log.expect("not loaded .*/pico")


@pytest.fixture(autouse=True)
def whoever_is_signed_out_hears_of_no_changes(browser_log: BrowserLog) -> None:
    """A page may ask for them once more before it closes."""
    browser_log.expect("/api/billing/changes' failed: .* 403")


def sign_in(page: Page, app: Process, user: str, path: str = "/app/billing") -> None:
    """Open ``path`` as a stranger, and sign in as ``user``."""
    page.goto(app.url + path)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=user, exact=True).click()


def cookie(page: Page, name: str = USER_COOKIE) -> str:
    """The login's cookie in the page's browser; empty when it has none."""
    values = {one.get("name"): one.get("value") for one in page.context.cookies()}
    return str(values.get(name) or "")


def status(app: Process, value: str = "") -> int:
    """How a route answers somebody with this cookie."""
    cookies = {USER_COOKIE: value} if value else {}
    return requests.get(app.url + ENTITLEMENTS, cookies=cookies, timeout=10).status_code


def expect_stranger(page: Page) -> None:
    """The page asks to sign in, and shows nothing else."""
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    expect(page.get_by_role("link", name="Sessions")).to_have_count(0)
    expect(page.get_by_role("button", name="PAY WITH CARD")).to_have_count(0)


def expect_signed_in(page: Page, name: str) -> None:
    expect(page.get_by_role("button", name=name)).to_be_visible()


def test_one_signs_in_and_is_where_one_wanted_to_be_and_out_for_good(
    app: Process, page: Page
) -> None:
    assert status(app) == 401
    page.goto(app.url + WANTED)
    expect_stranger(page)
    check(page)
    sign_in(page, app, "ann", WANTED)
    expect_signed_in(page, "Ann@example.com")
    assert page.url == app.url + WANTED
    value = cookie(page)
    assert status(app, value) == 200

    page.get_by_role("button", name="Ann@example.com").click()
    expect(page.get_by_text("You can do everything")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("button", name="End session").click()  # the provider's
    expect_stranger(page)
    assert cookie(page) == ""
    assert status(app, value) == 401  # for whoever has copied it, too


def test_whom_no_role_fits_is_turned_away_and_may_use_another_account(
    app: Process, page: Page
) -> None:
    sign_in(page, app, "eve")
    name = "eve@elsewhere.example"
    expect(page.get_by_text(f"You are signed in as {name}, who may not use")).to_be_visible()
    expect(page.get_by_text("Ask ann@example.com.")).to_be_visible()
    expect(page.get_by_role("link", name="Sessions")).to_have_count(0)
    assert status(app, cookie(page)) == 403
    check(page)
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="End session").click()
    expect_stranger(page)


def test_whom_the_provider_refuses_reads_so_and_can_try_again(
    app: Process, open_page: OpenPage, provider: str
) -> None:
    page = open_page(PHONE, "dark")
    page.goto(app.url + WANTED)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Deny").wait_for()
    # Whatever process it comes back to knows what was asked.
    secret = settings(provider)["BILLING_COOKIE_SECRET"]
    assert TimestampSigner(secret).unsign(cookie(page, SESSION_COOKIE_NAME))
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_text("You were not signed in")).to_be_visible()
    assert page.url == app.url + WANTED
    check(page)
    sign_in(page, app, "ann", WANTED)
    page.get_by_role("button", name="Ann@example.com").click()
    expect(page.get_by_text("You can do everything")).to_be_visible()
    check(page)
    assert page.url == app.url + WANTED


def test_a_forged_state_signs_nobody_in(app: Process, page: Page) -> None:
    page.goto(f"{app.url}/app/oauth2callback?code=stolen&state=forged")
    expect(page.get_by_text("You were not signed in")).to_be_visible()
    expect_stranger(page)
    assert cookie(page) == ""


def test_a_cookie_that_is_forged_or_whose_sign_in_is_unknown_opens_nothing(
    app: Process, page: Page, provider: str
) -> None:
    claims = (
        '{"iss": "x", "sub": "ann", "iat": 1, "email": "ann@example.com", "is_logged_in": true}'
    )
    secret = settings(provider)["BILLING_COOKIE_SECRET"]
    for key in ("another secret", secret):
        value = create_signed_value(key, USER_COOKIE, claims).decode()
        assert status(app, value) == 401
        page.context.add_cookies([{"name": USER_COOKIE, "value": value, "url": app.url}])
        page.goto(app.url + "/app/billing")
        expect_stranger(page)


def test_a_page_whose_sign_in_is_over_closes(app: Process, page: Page) -> None:
    sign_in(page, app, "rita", RETURNED)  # whose groups say what she may do
    expect_signed_in(page, "rita@elsewhere.example")
    assert page.url == app.url + RETURNED
    with sqlite3.connect(app.log_file.parent / DATABASE) as database:
        database.execute("UPDATE sign_ins SET seen_at = seen_at - ?", (12 * HOUR,))
    expect_stranger(page)
    assert status(app, cookie(page)) == 401


def test_signing_out_everywhere_closes_a_page_in_another_browser(
    app: Process, open_page: OpenPage
) -> None:
    here, elsewhere = open_page(), open_page()
    for page in (here, elsewhere):
        sign_in(page, app, "ann")
        expect_signed_in(page, "Ann@example.com")
    value = cookie(elsewhere)
    here.get_by_role("button", name="Ann@example.com").click()
    here.get_by_role("button", name="Sign out everywhere").click()
    expect_stranger(elsewhere)
    assert status(app, value) == 401


def test_under_another_name_a_page_leads_to_where_people_sign_in(app: Process, page: Page) -> None:
    page.goto(app.url.replace("localhost", "127.0.0.1") + WANTED)
    expect_stranger(page)
    assert page.url == app.url + WANTED


def test_secrets_reach_neither_the_log_nor_a_page(app: Process, provider: str) -> None:
    page = requests.get(app.url + "/app/billing", timeout=10).text
    for name in ("BILLING_OIDC_CLIENT_SECRET", "BILLING_COOKIE_SECRET"):
        assert settings(provider)[name] not in app.log + page
    assert not re.search(r"Traceback", app.log)
