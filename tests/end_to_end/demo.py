"""A dashboard with a month of history, and a session of every kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import requests

from tests.end_to_end.conftest import create_session
from tests.end_to_end.test_paying import sandbox_client
from tests.support.browsers.demo_history import fill_a_month

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.support.servers.dashboard import Process

BANK_ACCOUNT = "000123456789"


@dataclass(frozen=True)
class Demo:
    """A dashboard with a month of history, and a session of every kind, by its id."""

    url: str
    paid: str
    open: str
    declined: str
    processing: str
    expired: str
    event: str
    endpoint: str
    request: str

    def checkout(self, session_id: str) -> str:
        """The address of the session's Checkout page."""
        return f"{self.url}/sandbox/c/pay/{session_id}"


def fill(page: Page, app: Process) -> Demo:
    """Fill the dashboard with a month of history, and a session of every kind."""
    fill_a_month(page, app.url)
    paid, declined, processing, expired, still_open = (
        create_session(app, number) for number in range(2, 7)
    )
    pay(app, paid, card="4242424242424242")
    pay(app, declined, card="4000000000009995")
    pay(app, processing, bank_account=BANK_ACCOUNT, settles_in_seconds=86_400)
    sandbox_client(app).v1.checkout.sessions.expire(expired)
    refused = requests.post(f"{app.url}/api/billing/stripe/webhook", b"{}", timeout=9)
    assert refused.status_code == 400
    events = sandbox_client(app).v1.events.list({"type": "checkout.session.completed"}).data
    event = next(one.id for one in events if one.data.object["id"] == paid)
    (endpoint,) = sandbox_client(app).v1.webhook_endpoints.list().data
    request = logged_request(app, paid)
    return Demo(
        *(app.url, paid, still_open, declined, processing, expired, event, endpoint.id, request)
    )


def logged_request(app: Process, session_id: str) -> str:
    """The id of one that is about the session."""
    url = f"{app.url}/sandbox/_control/requests"
    logged = requests.get(url, {"about": session_id}, auth=("sk_test_history", ""), timeout=9)
    return str(logged.json()["data"][0]["id"])


def pay(app: Process, session_id: str, **how: str | int) -> None:
    requests.post(
        f"{app.url}/sandbox/_control/sessions/{session_id}/pay",
        headers={"Authorization": "Bearer sk_test_history"},
        json={"email": "tester@example.com", "name": "Tester", **how},
        timeout=9,
    ).raise_for_status()
