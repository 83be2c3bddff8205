"""The dashboard as it is started, for tests from end to end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from tests.support.servers.dashboard import Process, dashboard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.browsers.browser import BrowserLog


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """The dashboard with nothing set, the embedded sandbox: one for all tests that do not mind what
    the others leave in it."""
    with dashboard(tmp_path_factory.mktemp("app")) as running:
        yield running


@pytest.fixture(scope="module")
def own_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """The same for the tests of one file."""
    with dashboard(tmp_path_factory.mktemp("own_app")) as running:
        yield running


@pytest.fixture(autouse=True)
def streamlit_looks_for_its_base_path(browser_log: BrowserLog) -> None:
    """Streamlit's client asks for /app/billing/_stcore/… before it finds /app/_stcore/…"""
    browser_log.expect(r"404 for \S+/_stcore/")


def create_session(app: Process, quantity: int) -> str:
    """A session for some credits, through the API; its id."""
    url = f"{app.url}/api/billing/extra-credits"
    answer = requests.post(url, json={"quantity": quantity}, timeout=30)
    return str(answer.json()["id"])
