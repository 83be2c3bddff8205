"""A server of Stripe's quickstart, walked from Checkout to the portal."""

from __future__ import annotations

import subprocess
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import requests

from tests.support.older_sdk.runs import FailedError
from tests.support.programs_of_others.environments import quickstart_python
from tests.support.servers.server import free_port
from tests.support.stripe.sandbox_server import SandboxServer
from tests.support.waiting import wait_for

PROGRAM = Path(__file__).with_name("quickstart_server.py")
CARD = {
    "email": "ann@example.com", "number": "4242424242424242", "expiry": "12/40", "cvc": "123",
    "name": "Ann", "country": "US",
}  # fmt: skip
VERSION = "2024-10-28.acacia"
"""The API version that its SDK asks in."""
EXPECTED = {"checkout.session.completed", "customer.subscription.created", "invoice.paid"}


def run_quickstart(server: SandboxServer) -> str:
    """What passed, in words. FailedError: what did not."""
    port = free_port()
    shop = f"http://127.0.0.1:{port}"
    endpoint = server.stripe.v1.webhook_endpoints.create(
        {"url": f"{shop}/webhook", "enabled_events": ["*"], "api_version": VERSION}  # type: ignore[typeddict-item]  # an older one
    )
    command = [str(quickstart_python()), str(PROGRAM), str(port), server.url, str(endpoint.secret)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            wait_for(lambda: _answers(shop))
            page = requests.post(
                f"{shop}/create-checkout-session", {"lookup_key": "pro"}, timeout=30
            )
            _check(page, "Subscribe to Pro plan")
            session = urlsplit(page.url).path.rpartition("/")[2]
            paid = requests.post(f"{server.url}/c/pay/{session}/pay", json=CARD, timeout=30).json()
            back = parse_qs(urlsplit(paid["return_url"]).query)
            portal = requests.post(
                f"{shop}/create-portal-session", {"session_id": back["session_id"]}, timeout=30
            )
            _check(portal, "Pro plan")
            wait_for(lambda: set(requests.get(f"{shop}/received", timeout=9).json()) >= EXPECTED)
        finally:
            process.terminate()
    return "passed: Checkout, events and portal"


def _answers(shop: str) -> bool:
    try:
        return requests.get(f"{shop}/received", timeout=5).ok
    except requests.ConnectionError:
        return False


def _check(page: requests.Response, words: str) -> None:
    if not page.ok or words not in page.text:
        raise FailedError(f"{page.status_code} {page.url}: {page.text[:300]}")
