"""Whom the dashboard serves: this machine, whoever holds a demo's link, or nobody yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests
from websockets.exceptions import InvalidStatus

from tests.billing.commands.test_check_command import run
from tests.support.browsers.page_socket import page_socket, run_page
from tests.support.servers.dashboard import Process, dashboard, refused_start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PUBLIC = "https://billing.example.com"
SECRET = "secret-of-this-run"
KEY = {"Authorization": "Bearer sk_test_x"}
PAGES = ("/", "/app", "/app/billing", "/app/_stcore/health", "/app/static/favicon.png", "/x")
PROGRAMS = ("/api/billing/entitlements?email=a@x.test", "/sandbox/v1/prices", "/sandbox/_control/x")
OPEN = ("/api/billing/health", "/api/billing/ready", "/sandbox/c/static/page.css")
ANSWERED = {200, 503}  # the latter from `ready`, until the copy is in step
TUNNEL = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    settings = {"PINGPOINT_PUBLIC_URL": PUBLIC}
    with dashboard(tmp_path_factory.mktemp("local"), settings) as running:
        yield running


@pytest.fixture(scope="module")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("link")


@pytest.fixture(scope="module")
def demo(demo_folder: Path) -> Iterator[Process]:
    settings = {"BILLING_DEMO_LINK": SECRET}
    with dashboard(demo_folder, settings) as running:
        yield running


def get(app: Process, path: str, headers: dict[str, str]) -> requests.Response:
    sent = KEY | headers
    return requests.get(f"{app.url}{path}", headers=sent, allow_redirects=False, timeout=10)


@pytest.mark.parametrize(
    "headers",
    [{"Host": "billing.example.com"}, {"Host": "192.0.2.7:8501"}, {"Host": "evil.test"}, TUNNEL],
    ids=["public", "network", "unknown", "tunnel"],
)
def test_what_comes_from_elsewhere_is_served_only_what_is_open(
    local: Process, headers: dict[str, str]
) -> None:
    for path in PAGES:
        answer = get(local, path, headers)
        assert answer.status_code == 403, path
        assert answer.headers["content-type"].startswith("text/html")
        assert "BILLING_ALLOW_ANONYMOUS=1" in answer.text
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    for path in PROGRAMS:
        answer = get(local, path, headers)
        assert answer.status_code == 403, path
        assert "BILLING_ALLOW_ANONYMOUS=1" in answer.json()["error"]
    if headers != {"Host": "evil.test"}:  # which the host guard refuses on its own
        assert {get(local, path, headers).status_code for path in OPEN} <= ANSWERED


@pytest.mark.parametrize(
    "headers", [{"Host": "billing.example.com", "Origin": PUBLIC}, TUNNEL], ids=["host", "tunnel"]
)
def test_nor_does_it_open_a_page(local: Process, headers: dict[str, str]) -> None:
    with pytest.raises(InvalidStatus) as refused, page_socket(local.url, headers):
        pass
    assert refused.value.response.status_code == 403
    assert b"BILLING_ALLOW_ANONYMOUS" in refused.value.response.body


def test_a_payment_and_its_webhook_pass_through_a_tunnel(local: Process) -> None:
    made = requests.post(f"{local.url}/api/billing/checkout", timeout=10).json()
    checkout = made["url"].replace(PUBLIC, local.url)
    headers = TUNNEL | {"Host": "billing.example.com"}
    assert requests.get(checkout, headers=headers, timeout=10).status_code == 200
    webhook = f"{local.url}/api/billing/stripe/webhook"
    assert requests.post(webhook, b"{}", headers=headers, timeout=10).status_code == 400


def test_on_this_machine_a_public_url_changes_nothing(local: Process) -> None:
    assert {get(local, path, {}).status_code for path in ("/app/billing", *OPEN)} <= ANSWERED
    assert get(local, "/sandbox/v1/prices", {"Host": "127.0.0.1:1"}).status_code == 200
    with page_socket(local.url) as socket:
        run_page(socket, "setup")


def test_a_demos_link_opens_it_and_nothing_else_does(demo: Process) -> None:
    for path in PAGES:
        answer = get(demo, path, {})
        assert (answer.status_code, "Open the link that was" in answer.text) == (403, True), path
    assert get(demo, "/api/billing/entitlements?email=a@x.test", {}).status_code == 403
    assert get(demo, "/sandbox/v1/prices", TUNNEL).status_code == 403
    with pytest.raises(InvalidStatus), page_socket(demo.url):
        pass
    with requests.Session() as browser:
        entered = browser.get(f"{demo.url}/demo/{SECRET}", timeout=10)
        assert (entered.status_code, entered.url) == (200, f"{demo.url}/app/billing")
        cookie = f"billing_demo={browser.cookies['billing_demo']}"
    with page_socket(demo.url, {"Origin": demo.url, "Cookie": cookie}) as socket:
        run_page(socket, "setup")
    assert SECRET not in demo.log


def test_a_demo_pays_without_its_link(demo: Process) -> None:
    """The Checkout page is opened by a link of its own; the dashboard asks its own sandbox."""
    cookie = {"Cookie": f"billing_demo={SECRET}"}
    made = requests.post(f"{demo.url}/api/billing/checkout", headers=cookie, timeout=10).json()
    assert requests.get(made["url"], headers=TUNNEL, timeout=10).status_code == 200
    assert {get(demo, path, TUNNEL).status_code for path in OPEN} <= ANSWERED


def test_where_not_everybody_is_served_the_sandbox_takes_its_own_key_alone(
    demo: Process, demo_folder: Path
) -> None:
    own = (demo_folder / ".data/stripe_sandbox.key").read_text().strip()
    for path in ("/sandbox/v1/prices", "/sandbox/_control/state"):
        refused = get(demo, path, {})
        assert (refused.status_code, refused.json()["error"]["type"]) == (
            401,
            "invalid_request_error",
        )
        assert get(demo, path, {"Authorization": f"Bearer {own}"}).status_code == 200
    reconciled = run(demo_folder, "reconcile")
    assert (reconciled.stderr, reconciled.returncode) == ("", 0)
    assert own not in demo.log


def test_where_others_reach_it_and_nobody_signs_in_it_does_not_start(tmp_path: Path) -> None:
    settings = {
        "STREAMLIT_SERVER_ADDRESS": "0.0.0.0",  # noqa: S104 - it does not serve
        "BILLING_USER_HEADER": "X-Email",
        "BILLING_TRUSTED_PROXIES": "nonsense",
    }
    refused = refused_start(tmp_path, settings)
    assert refused.returncode == 2
    assert "BILLING_TRUSTED_PROXIES holds something that is neither" in refused.stdout
    assert "BILLING_ALLOW_ANONYMOUS=1" in refused.stdout
    assert "Traceback" not in refused.stdout
    assert not (tmp_path / ".data").exists()
