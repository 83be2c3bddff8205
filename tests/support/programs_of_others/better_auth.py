"""@better-auth/stripe, unmodified, from sign-up to the end of a subscription that was renewed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import requests

from tests.support.older_sdk.installed import npm_package
from tests.support.older_sdk.runs import FailedError
from tests.support.programs_of_others.shops import pay, started, webhook
from tests.support.servers.server import free_port
from tests.support.stripe.sandbox_server import SandboxServer
from tests.support.waiting import wait_for

RELEASE = "1.7.6"
VERSION = "2026-08-26.dahlia"
"""The API version of the newest SDK that it allows."""
PACKAGES = (
    *(f"@better-auth/stripe@{RELEASE}", f"better-auth@{RELEASE}", f"@better-auth/core@{RELEASE}"),
    *("better-call@1.4.0", "stripe@22.6.2"),
)
PROGRAM = Path(__file__).with_name("better_auth_shop.mjs")
AFTERWARDS = 3_700
"""Seconds after the end of a period by which its renewal is paid."""


class Member:
    """Somebody in the shop, signed in from the first request on."""

    def __init__(self, shop: str) -> None:
        self._shop = shop
        self._browser = requests.Session()

    def post(self, path: str, **body: Any) -> Any:
        """What better-auth answers. FailedError: it refuses."""
        answer = self._browser.post(
            f"{self._shop}/api/auth/{path}", json=body, headers={"Origin": self._shop}, timeout=30
        )
        if not answer.ok:
            raise FailedError(f"{path}: {answer.status_code} {answer.text}")
        return answer.json()

    def visit(self, url: str) -> None:
        """Follow a link to the shop. requests.HTTPError."""
        self._browser.get(url, timeout=30).raise_for_status()

    def cancel(self) -> None:
        """Cancel the subscription at the end of its period, in the portal."""
        link = self.post("subscription/cancel", returnUrl="/account")["url"]
        page = self._browser.get(link, timeout=30)
        assert "Cancel subscription" in page.text, page.text
        self._browser.post(page.url, {"feedback": "unused"}, timeout=30).raise_for_status()
        wait_for(lambda: self.stored("subscription")["cancelAt"], "its end is known")

    def stored(self, table: str) -> dict[str, Any]:
        """The one row of a table of better-auth's."""
        [row] = requests.get(self._shop, timeout=30).json()[table]
        found: dict[str, Any] = row
        return found

    def is_stored(self, **columns: Any) -> bool:
        """Whether the subscription is stored so."""
        row = self.stored("subscription")
        return all(row.get(name) == value for name, value in columns.items())


def run_better_auth(server: SandboxServer) -> None:
    """FailedError: what did not pass."""
    folder = npm_package(f"better-auth-stripe-{RELEASE}", *PACKAGES)
    port = free_port()
    shop = f"http://127.0.0.1:{port}"
    secret = webhook(server, f"{shop}/api/auth/stripe/webhook", VERSION)
    with started(("node", PROGRAM, folder, port, server.url, server.pro, secret), shop):
        _live(server, Member(shop))


def _live(server: SandboxServer, member: Member) -> None:
    member.post("sign-up/email", email="ann@example.com", password="long enough", name="Ann")
    customer = server.stripe.v1.customers.retrieve(member.stored("user")["stripeCustomerId"])
    assert customer.email == "ann@example.com"
    checkout = member.post(
        "subscription/upgrade", plan="pro", successUrl="/thanks", cancelUrl="/plans"
    )
    thanks = pay(checkout["url"])
    wait_for(lambda: member.is_stored(status="active"), "it is active")
    member.visit(thanks)
    first = member.stored("subscription")["periodEnd"]
    _pass_a_month(server, customer.id)
    wait_for(lambda: member.stored("subscription")["periodEnd"] > first, "it is renewed")
    member.cancel()
    member.post("subscription/restore")
    wait_for(lambda: member.is_stored(cancelAtPeriodEnd=False, cancelAt=None), "it goes on")
    member.cancel()
    _pass_a_month(server, customer.id)
    wait_for(lambda: member.is_stored(status="canceled"), "it has ended")


def _pass_a_month(server: SandboxServer, customer: str) -> None:
    """Advance the customer's test clock to after the end of their subscription's period."""
    service = server.stripe.v1
    found = service.customers.retrieve(customer)
    [subscription] = service.subscriptions.list({"customer": customer}).data
    end = subscription.items.data[0].current_period_end
    clocks = service.test_helpers.test_clocks
    clock = str(found.test_clock)
    clocks.advance(clock, {"frozen_time": end + AFTERWARDS})
    wait_for(lambda: clocks.retrieve(clock).status == "ready", "the clock has advanced")
