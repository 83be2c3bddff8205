"""The dashboard with a Stripe test key, against a Stripe that it does not start itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests
import stripe

from tests.end_to_end.test_paying import (
    banner,
    billing_page,
    checkout_of,
    newest_row,
    pay,
)
from tests.support.browsers.checkout import PAID
from tests.support.browsers.page_socket import page_socket, run_page
from tests.support.servers.dashboard import Process, dashboard, lone_sandbox
from tests.support.servers.server import listening_socket
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

KEY = "sk_test_a_stranger"


@pytest.fixture
def stripe_alone(tmp_path: Path) -> Iterator[Process]:
    folder = tmp_path / "stripe"
    folder.mkdir()
    with lone_sandbox(folder, {"STRIPE_SANDBOX_API_KEY": KEY}) as running:
        yield running


def account_of(stripe_url: str, webhook_url: str) -> dict[str, str]:
    """Set the account up as a stranger would, and return the settings for it."""
    client = stripe.StripeClient(KEY, base_addresses={"api": stripe_url})
    pro = client.v1.prices.create(
        {
            "unit_amount": 4900,
            "currency": "eur",
            "recurring": {"interval": "month"},
            "product_data": {"name": "Pro plan"},
        }
    )
    credit = client.v1.prices.create(
        {"unit_amount": 150, "currency": "eur", "product_data": {"name": "Credit"}}
    )
    endpoint = client.v1.webhook_endpoints.create({"url": webhook_url, "enabled_events": ["*"]})
    assert endpoint.secret is not None
    return {
        "STRIPE_SECRET_KEY": KEY,
        "STRIPE_API_BASE": stripe_url,
        "STRIPE_PRICE_PRO_MONTHLY": pro.id,
        "STRIPE_PRICE_EXTRA_CREDIT": credit.id,
        "STRIPE_WEBHOOK_SECRET": endpoint.secret,
    }


def free_port() -> int:
    with listening_socket() as held:
        port: int = held.getsockname()[1]
    return port


def test_the_same_pages_and_routes_work_on_another_stripe(
    page: Page, stripe_alone: Process, tmp_path: Path
) -> None:
    port = free_port()
    webhook_url = f"http://localhost:{port}/api/billing/stripe/webhook"
    settings = account_of(stripe_alone.url, webhook_url)
    with dashboard(tmp_path, settings, port=port) as app:
        billing_page(page, app)
        checkout = checkout_of(page, "PAY WITH CARD (€49/MO)")
        assert checkout.url.startswith(stripe_alone.url)
        pay(checkout, PAID)
        banner(checkout, "Payment received")
        newest_row(page, "Pro plan", "€49.00", "Paid")
        wait_for(lambda: "checkout.session.completed cs_test_" in app.log)
        assert requests.get(f"{app.url}/sandbox/v1/prices", timeout=5).status_code == 404
        made = requests.post(
            f"{app.url}/api/billing/extra-credits", json={"quantity": 3}, timeout=9
        )
        assert made.status_code == 200
        newest_row(page, "3 credits", "€4.50", "Open")
        assert "sk_test_a_stranger" not in app.log + page.content()
        assert settings["STRIPE_WEBHOOK_SECRET"] not in app.log + page.content()


def test_a_live_key_is_refused_on_the_page_and_by_the_routes(tmp_path: Path) -> None:
    live = "sk_" + "live_of_nobody"
    with dashboard(tmp_path, {"STRIPE_SECRET_KEY": live}) as app:
        with page_socket(app.url) as socket:
            shown = str(run_page(socket, "billing"))
        assert "Stripe is not configured" in shown
        assert "refuses live keys" in shown
        answer = requests.post(f"{app.url}/api/billing/checkout", timeout=5)
        assert answer.status_code == 500
        assert answer.json()["error"] == "Stripe is not configured on server"
        assert requests.get(f"{app.url}/sandbox/v1/prices", timeout=5).status_code == 404
        assert live not in app.log + shown + answer.text
