"""The launcher: every address of the contract, in one process, with nothing set."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import requests
import stripe

from billing import __version__
from billing.changes.topics import Topic
from billing.urls import CHANGES_PATH
from pages.scenarios.sandbox_client import Controls
from tests.support.browsers.page_socket import change_numbers, page_socket, run_page
from tests.support.servers.dashboard import Process, dashboard, refused_start
from tests.support.servers.processes.imports import imported
from tests.support.servers.scraping import scrape
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

# Nearly half of the memory of a start, with the libraries that each of them loads.
LATER = {
    "altair",
    "authlib",
    "numpy",
    "opentelemetry",
    "pandas",
    "psycopg",
    "pyarrow",
    "sentry_sdk",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("launcher")


@pytest.fixture(scope="module")
def app(folder: Path) -> Iterator[Process]:
    with dashboard(folder, {"PYTHONPROFILEIMPORTTIME": "1"}, anew=True) as running:
        yield running


@pytest.fixture(scope="module")
def at_start(app: Process) -> set[str]:
    """The modules that it has loaded before anybody has opened a page."""
    return imported(app.log)


def test_it_starts_without_what_only_pages_and_other_settings_need(at_start: set[str]) -> None:
    assert {"streamlit", "sqlalchemy", "stripe"} <= at_start
    assert at_start & LATER == set()


@pytest.mark.parametrize("path", ["/", "/app", "/app/"])
def test_the_root_leads_to_the_billing_page(app: Process, path: str) -> None:
    answer = requests.get(f"{app.url}{path}?canceled=1", allow_redirects=False, timeout=10)
    assert answer.status_code == 307
    assert answer.headers["location"] == "/app/billing?canceled=1"


def test_the_billing_page_is_html(app: Process) -> None:
    answer = requests.get(f"{app.url}/app/billing", timeout=10)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")


def test_the_routes_are_json_and_make_sessions_in_the_embedded_sandbox(app: Process) -> None:
    for path, body in (("checkout", None), ("extra-credits", {"quantity": 2})):
        answer = requests.post(f"{app.url}/api/billing/{path}", json=body, timeout=10)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        assert answer.json()["url"].startswith(f"{app.url}/sandbox/c/pay/cs_test_")
        link = requests.get(answer.json()["url"], timeout=10)
        assert link.status_code == 200
        assert "no money moves" in link.text.lower()


def test_health_names_the_local_sandbox(app: Process) -> None:
    answer = requests.get(f"{app.url}/api/billing/health", timeout=10)
    assert answer.status_code == 200
    assert answer.json()["mode"] == "Local sandbox"


def test_the_sandbox_speaks_stripes_api(app: Process) -> None:
    client = stripe.StripeClient("rk_test_x", base_addresses={"api": f"{app.url}/sandbox"})
    prices = {price.lookup_key: price.unit_amount for price in client.v1.prices.list().data}
    assert prices == {"pro_monthly": 9900, "extra_load_credit": 99}


def test_a_secret_that_is_rolled_in_the_sandbox_is_accepted_here_at_once(app: Process) -> None:
    key = {"Authorization": "Bearer sk_test_x"}
    controls = f"{app.url}/sandbox/_control/endpoints"
    (endpoint,) = requests.get(controls, headers=key, timeout=10).json()["endpoints"]
    rolled = requests.post(f"{controls}/{endpoint}/roll_secret", headers=key, timeout=10)
    assert rolled.json()["former_secret_until"] is None
    client = stripe.StripeClient("sk_test_x", base_addresses={"api": f"{app.url}/sandbox"})
    client.v1.customers.create({"name": "Ann"})

    def is_delivered() -> bool:
        (event,) = client.v1.events.list({"type": "customer.created", "limit": 1}).data
        return event.pending_webhooks == 0

    wait_for(is_delivered, "a delivery that is signed with the new secret")


def test_metrics_follow_a_payment_to_the_ledger_and_count_the_pages_that_are_open(
    app: Process,
) -> None:
    made = requests.post(f"{app.url}/api/billing/extra-credits", timeout=10).json()["id"]
    controls = Controls(f"{app.url}/sandbox/_control")
    controls.pay(made, email="somebody@example.com", card="4242424242424242")
    lines = "billing_ledger_lines_total"
    wait_for(lambda: scrape(app.url).value(lines, cause="purchase") == 1, "the purchase is counted")
    found = scrape(app.url)
    assert found.value("billing_sandbox_deliveries_total", result="succeeded") >= 1
    assert found.value("billing_open_pages") == 0
    answers = "billing_http_request_duration_seconds_count"
    assert found.value(answers, route="/api/billing/stripe/webhook", status="200") >= 1
    assert found.value(answers, route="/sandbox/v1", method="POST") >= 1
    with page_socket(app.url) as socket:
        run_page(socket, "setup")
        assert scrape(app.url).value("billing_open_pages") == 1
    wait_for(lambda: scrape(app.url).value("billing_open_pages") == 0, "no page is open")


def test_no_page_asks_again_and_again_while_nothing_happens(app: Process) -> None:
    tracing = ("events", "requests", "endpoints")
    for page in ("billing", "sessions", "customers", *tracing, "test-kit", "setup", "audit"):
        with page_socket(app.url) as socket:
            kinds = {message.WhichOneof("type") for message in run_page(socket, page)}
        assert "delta" in kinds
        assert "auto_rerun" not in kinds, page


def test_pages_hear_of_the_requests_that_other_programs_make_to_the_sandbox(app: Process) -> None:
    with page_socket(app.url, {}, CHANGES_PATH) as socket:
        before = change_numbers(socket)[Topic.SANDBOX_REQUESTS]
        requests.get(f"{app.url}/sandbox/v1/customers", auth=("sk_test_x", ""), timeout=10)
        while change_numbers(socket)[Topic.SANDBOX_REQUESTS] == before:
            pass


def test_it_listens_on_this_machine_only(app: Process) -> None:
    assert app.url.startswith("http://localhost:")


def test_the_server_that_streamlit_starts_takes_no_header_over_64_kib(app: Process) -> None:
    """Red when a newer Streamlit or uvicorn runs its server where its limits cannot be set."""
    answer = requests.get(f"{app.url}/", headers={"X": "a" * 70_000}, timeout=10)
    assert answer.status_code == 431
    assert "without limits" not in app.log


def test_closed_pages_leave_no_file_open(app: Process) -> None:
    def open_files() -> int:
        return len(list(Path(f"/proc/{app.pid}/fd").iterdir()))

    def visit() -> None:
        with page_socket(app.url) as socket:
            run_page(socket, "setup")

    visit()
    before = open_files()
    for _ in range(40):
        visit()
    wait_for(lambda: open_files() <= before + 20, "files of closed pages are closed")


def test_the_environment_goes_before_this_folders_file_and_nothing_else_is_read(
    tmp_path: Path,
) -> None:
    """Streamlit writes the values of both secrets files over the environment of the process."""
    of_the_folder = tmp_path / ".streamlit/secrets.toml"
    of_the_home = tmp_path / "home/.streamlit/secrets.toml"
    for file, text in (
        (of_the_folder, 'STRIPE_API_BASE = "http://127.0.0.1:2"'),
        (of_the_home, "BILLING_MAX_CREDITS = 2"),
    ):
        file.parent.mkdir(parents=True)
        file.write_text(text)
    environment = {
        "HOME": str(tmp_path / "home"),
        "STRIPE_SECRET_KEY": "sk_test_of_the_tests",
        "STRIPE_PRICE_EXTRA_CREDIT": "price_x",
        "STRIPE_API_BASE": "http://127.0.0.1:1",
    }
    with dashboard(tmp_path, environment, anew=True) as running:
        health = requests.get(f"{running.url}/api/billing/health", timeout=10).json()
        assert health["mode"] == "Stripe-compatible API at 127.0.0.1:1"
        answer = requests.post(
            f"{running.url}/api/billing/extra-credits", json={"quantity": 5}, timeout=10
        )
        assert (answer.status_code, answer.json()) == (500, {"error": "Stripe checkout failed"})


def test_a_second_one_in_the_same_folder_is_refused_and_informed_where_the_first_is(
    app: Process, folder: Path
) -> None:
    second = refused_start(folder)
    assert second.returncode == 1
    assert f"is in use by another dashboard, at {app.url}." in second.stdout
    assert "Traceback" not in second.stdout


@pytest.mark.parametrize("trouble", ["no folder", "no database"])
def test_a_sandbox_whose_file_cannot_be_used_is_reported_in_a_sentence(
    tmp_path: Path, trouble: str
) -> None:
    data = tmp_path / ".data"
    if trouble == "no folder":
        data.write_text("a file where the folder belongs")
    else:
        data.mkdir()
        (data / "stripe_sandbox.sqlite3").write_text("Dear diary, " * 1_000)
    refused = refused_start(tmp_path)
    assert refused.returncode == 1
    assert "The dashboard cannot start. " in refused.stdout
    assert ".data/stripe_sandbox." in refused.stdout
    assert "Traceback" not in refused.stdout


def test_the_log_says_what_started_and_stopped_and_every_line_of_it_may_be_json(
    tmp_path: Path,
) -> None:
    with dashboard(tmp_path, {"BILLING_LOG_FORMAT": "json"}) as running:
        wait_for(lambda: "Lease taken: mirror" in running.log, "the lease is taken")
        wait_for(lambda: "Started: " in running.log, "it says what it is")
        forged = requests.post(
            f"{running.url}/api/billing/stripe/webhook",
            headers={"X-Request-Id": "given-by-a-proxy"},
            timeout=10,
        )
        assert forged.headers["x-request-id"] == "given-by-a-proxy"
        address = urlsplit(running.url)
        with socket.create_connection((address.hostname, address.port or 0), 10) as connection:
            connection.sendall(b"nonsense\r\n\r\n")
            connection.recv(100)
        wait_for(lambda: "Invalid HTTP request" in running.log, "uvicorn logs it")
        running.stop()
        lines = [json.loads(line) for line in running.log.splitlines() if line.startswith("{")]
        others = [line for line in running.log.splitlines() if re.search("INFO|WARN|ERROR", line)]
    assert len(lines) == len(others), running.log
    messages = {line["message"]: line for line in lines}
    (started,) = (message for message in messages if message.startswith("Started: "))
    assert re.fullmatch(
        rf"Started: version {re.escape(__version__)}, Local sandbox, sqlite at revision \d+, "
        rf"listening on {running.url}",
        started,
    )
    (refused,) = (line for line in lines if line["message"].startswith("Webhook refused"))
    assert refused["request_id"] == "given-by-a-proxy"
    assert messages["Invalid HTTP request received."]["logger"] == "uvicorn.error"
    for message in ("Lease taken: sweep", "Lease released: mirror", "Stopping", "Stopped"):
        assert message in messages


def test_a_restart_loses_nothing(tmp_path: Path) -> None:
    with dashboard(tmp_path) as first:
        made = requests.post(f"{first.url}/api/billing/checkout", timeout=10).json()["id"]
        client = stripe.StripeClient("sk_test_x", base_addresses={"api": f"{first.url}/sandbox"})
        prices = {price.id for price in client.v1.prices.list().data}
        (endpoint,) = client.v1.webhook_endpoints.list().data
    with dashboard(tmp_path) as second:
        client = stripe.StripeClient("sk_test_x", base_addresses={"api": f"{second.url}/sandbox"})
        assert client.v1.checkout.sessions.retrieve(made).status == "open"
        assert {price.id for price in client.v1.prices.list().data} == prices
        (same,) = client.v1.webhook_endpoints.list().data
        assert same.id == endpoint.id
        assert (
            same.url == f"{second.url.replace('localhost', '127.0.0.1')}/api/billing/stripe/webhook"
        )
