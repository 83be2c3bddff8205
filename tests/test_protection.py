"""Who may reach the launcher's one port, and what every answer carries, over real connections."""

from __future__ import annotations

import json
from contextlib import closing
from http.client import HTTPConnection
from sqlite3 import connect
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import requests
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.frames import CloseCode

from billing.changes.topics import Topic
from billing.urls import CHANGES_PATH
from tests.support.browsers.page_socket import PAGE_PATH, change_numbers, page_socket, run_page
from tests.support.servers.dashboard import Process, dashboard
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

PUBLIC = "https://billing.example.com"
PATHS = [
    *("/", "/app/billing", "/app/_stcore/health", "/api/billing/health", "/api/unknown"),
    *("/sandbox/v1/prices", "/sandbox/_control/state", "/sandbox/c/pay/cs_test_x"),
]
KEY = {"Authorization": "Bearer sk_test_x"}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    settings = {
        "PINGPOINT_PUBLIC_URL": PUBLIC,
        "BILLING_ALLOWED_HOSTS": "dashboard",
        "BILLING_ALLOW_ANONYMOUS": "1",
        "BILLING_TRUSTED_PROXIES": "192.0.2.0/24",
    }
    with dashboard(tmp_path_factory.mktemp("protection"), settings) as running:
        yield running


def get(app: Process, path: str, **headers: str) -> requests.Response:
    return requests.get(
        f"{app.url}{path}", headers=KEY | headers, allow_redirects=False, timeout=10
    )


def refused_page(app: Process, headers: dict[str, str], path: str) -> InvalidStatus:
    with pytest.raises(InvalidStatus) as refused, page_socket(app.url, headers, path):
        pass
    return refused.value


@pytest.mark.parametrize("path", PATHS)
def test_a_name_that_was_rebound_to_this_machine_reaches_nothing(app: Process, path: str) -> None:
    answer = get(app, path, Host="rebound.example")
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/json"
    assert "BILLING_ALLOWED_HOSTS" in answer.json()["error"]


@pytest.mark.parametrize("origin", ["http://localhost:1", "null", "http://[", PUBLIC + ":8443"])
@pytest.mark.parametrize("path", ["/app/billing", "/api/billing/health", "/sandbox/v1/prices"])
def test_another_sites_page_reaches_nothing(app: Process, path: str, origin: str) -> None:
    answer = get(app, path, Origin=origin)
    assert answer.status_code == 403
    assert "Pages of other sites" in answer.json()["error"]


@pytest.mark.parametrize(
    "headers",
    [{"Host": "rebound.example"}, {"Origin": "http://localhost:1"}, {"Origin": "http://["}],
)
@pytest.mark.parametrize("path", [PAGE_PATH, CHANGES_PATH])
def test_neither_of_them_opens_a_pages_websocket(
    app: Process, headers: dict[str, str], path: str
) -> None:
    answer = refused_page(app, headers, path).response
    assert answer.status_code == 403
    assert "BILLING_ALLOWED_HOSTS" in json.loads(answer.body)["error"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "dashboard", "billing.example.com"])
def test_the_names_of_this_app_reach_everything(app: Process, host: str) -> None:
    assert {get(app, path, Host=host).status_code for path in PATHS} <= {200, 307, 404}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": "dashboard:1", "Origin": "http://dashboard:1"},
        {"Host": "billing.example.com", "Origin": PUBLIC},
        {"Host": "127.0.0.1:1", "Origin": PUBLIC},
    ],
    ids=["a program", "another name", "a proxy", "a proxy that rewrites Host"],
)
def test_own_pages_and_programs_open_the_websocket(app: Process, headers: dict[str, str]) -> None:
    with page_socket(app.url, headers) as socket:
        run_page(socket, "setup")
    with page_socket(app.url, headers, CHANGES_PATH) as socket:
        assert set(change_numbers(socket)) == set(Topic)


def test_programs_send_no_origin_and_are_served(app: Process) -> None:
    assert requests.post(f"{app.url}/api/billing/checkout", timeout=10).status_code == 200
    forged = requests.post(f"{app.url}/api/billing/stripe/webhook", data=b"{}", timeout=10)
    assert forged.status_code == 400


@pytest.mark.parametrize("path", [*PATHS, "/app/_stcore/upload_file/a/b"])
def test_no_answer_can_be_framed_or_sniffed_or_tells_its_address(app: Process, path: str) -> None:
    headers = get(app, path).headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


def test_a_page_sends_no_more_than_it_needs(app: Process) -> None:
    with page_socket(app.url) as socket:
        socket.send(b"a" * 1_500_000)
        with pytest.raises(ConnectionClosedError) as closed:
            socket.recv(timeout=10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == CloseCode.MESSAGE_TOO_BIG


def test_nobody_uploads(app: Process) -> None:
    with page_socket(app.url) as socket:
        run_page(socket, "setup")
        answer = requests.put(
            f"{app.url}/app/_stcore/upload_file/session/file",
            files={"file": ("large.bin", b"a" * 2_000_000)},
            timeout=10,
        )
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "path",
    [
        *("/app/_stcore/metrics", "/app/_stcore/metrics/", "/app//_stcore/metrics"),
        *("/app/%5Fstcore/metrics", "/app/_stcore%2Fmetrics", "/app/./_stcore/metrics"),
        *("/app/x/../_stcore/metrics", "/app/_stcore\\metrics", "/APP/_STCORE/METRICS"),
        *("/app/_stcore/metrics;x", "/app/_stcore/agent/openapi.json", "/app/_stcore/agent/mcp"),
        *("/app/_stcore/agent/interact", "/app/_stcore//agent/interact"),
        *("/app/_stcore/script-health-check", "/app/component/x/index.html"),
        *("/app/auth/login", "/app/auth/logout", "/app/oauth2callback?state=x&code=x"),
    ],
)
def test_what_streamlit_serves_and_nobody_needs_is_closed(app: Process, path: str) -> None:
    with closing(HTTPConnection(urlsplit(app.url).netloc, timeout=10)) as connection:
        for method in ("GET", "POST"):
            connection.request(method, path)
            answer = connection.getresponse()
            is_page = answer.read().startswith(b"<!")  # of the frame, for a path that is nothing
            assert is_page or answer.status in (400, 404, 405), method


def test_where_a_request_comes_from_is_its_peers_address_whatever_it_says(app: Process) -> None:
    """Red when a newer Streamlit or uvicorn believes a header before this app does."""
    headers = {"X-Forwarded-For": "203.0.113.9"}
    assert requests.post(f"{app.url}/api/billing/checkout", headers=headers, timeout=10).ok
    database = app.log_file.parent / ".data/billing_sandbox.sqlite3"

    def addresses() -> set[str]:
        with closing(connect(database)) as connection:
            found = connection.execute("SELECT address FROM audit_log WHERE action = 'sell'")
            return {address for (address,) in found}

    wait_for(addresses, "the audit log has the request")
    assert addresses() == {"127.0.0.1"}
