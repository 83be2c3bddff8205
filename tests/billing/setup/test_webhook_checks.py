"""Right and wrong webhook endpoints."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from billing.errors import WebhookRefused
from billing.services import Services
from billing.setup import settings_checks, webhook_checks
from billing.setup.findings import Finding, Missing, Report
from billing.setup.webhook_checks import ENDPOINT_EVENTS, NEEDED_EVENTS
from billing.urls import is_private, webhook_url
from tests.billing.setup.conftest import (
    HERE,
    OK,
    WARNING,
    WRONG,
    SettingsOf,
    found,
    run_checks,
    wrong,
)
from tests.support.servers.webhooks import signature

if TYPE_CHECKING:
    from tests.support.servers.shop import Shop


def test_a_missing_endpoint_is_wrong_and_can_be_made_where_stripe_reaches_the_app(
    settings_of: SettingsOf,
) -> None:
    for public_url in (HERE, "https://billing.example.com"):
        finding = found(
            run_checks(settings_of(PINGPOINT_PUBLIC_URL=public_url)), "Webhook endpoint"
        )
        assert (finding.status, finding.missing) == (WRONG, Missing.WEBHOOK_ENDPOINT)
        assert finding.reference == f"{public_url}/api/billing/stripe/webhook"


def test_an_endpoint_on_another_name_of_this_machine_is_the_same_place(
    settings_of: SettingsOf, shop: Shop
) -> None:
    url = "http://127.0.0.1:8501/api/billing/stripe/webhook/"
    params: Any = {"url": url, "enabled_events": list(ENDPOINT_EVENTS)}
    made = shop.stripe.v1.webhook_endpoints.create(params)
    finding = found(run_checks(settings_of()), "Webhook endpoint")
    assert (finding.status, finding.reference) == (OK, made.id)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8502/api/billing/stripe/webhook",
        "https://localhost:8501/api/billing/stripe/webhook",
        "http://localhost:8501/webhook",
    ],
)
def test_an_endpoint_at_another_address_does_not_count(
    settings_of: SettingsOf, shop: Shop, url: str
) -> None:
    shop.stripe.v1.webhook_endpoints.create({"url": url, "enabled_events": ["*"]})
    assert wrong(run_checks(settings_of())) == ["Webhook endpoint"]


def test_a_thin_destination_is_an_endpoint_too(settings_of: SettingsOf, shop: Shop) -> None:
    params: Any = {
        "name": "Thin",
        "type": "webhook_endpoint",
        "event_payload": "thin",
        "enabled_events": [f"v1.{name}" for name in ENDPOINT_EVENTS],
        "webhook_endpoint": {"url": webhook_url(HERE)},
    }
    made = shop.stripe.v2.core.event_destinations.create(params)
    finding = found(run_checks(settings_of()), "Webhook endpoint")
    assert (finding.status, finding.reference) == (OK, made.id)
    assert finding.found.endswith("types of event as thin events.")
    shop.stripe.v1.webhook_endpoints.create({"url": webhook_url(HERE), "enabled_events": ["*"]})
    beside = found(run_checks(settings_of()), "Webhook endpoint")
    assert (beside.status, "Nothing is granted twice" in beside.next_step) == (WARNING, True)


def test_a_disabled_endpoint_is_wrong(settings_of: SettingsOf, shop: Shop, endpoint: str) -> None:
    shop.stripe.v1.webhook_endpoints.update(endpoint, {"disabled": True})
    finding = found(run_checks(settings_of()), "Webhook endpoint")
    assert (finding.status, finding.missing) == (WRONG, None)
    assert "Enable it" in finding.next_step


def test_an_endpoint_that_lacks_an_event_is_wrong_and_names_it(
    settings_of: SettingsOf, shop: Shop, endpoint: str
) -> None:
    shop.stripe.v1.webhook_endpoints.update(
        endpoint, {"enabled_events": ["checkout.session.completed", "checkout.session.expired"]}
    )
    finding = found(run_checks(settings_of()), "Webhook endpoint")
    assert finding.status is WRONG
    assert "async_payment_succeeded, checkout.session.async_payment_failed" in finding.found
    assert "session.expired" not in finding.found
    assert set(finding.lacking) == set(ENDPOINT_EVENTS) - {
        *("checkout.session.completed", "checkout.session.expired")
    }


def test_an_endpoint_that_lacks_what_polling_finds_as_well_is_a_thing_to_know(
    settings_of: SettingsOf, shop: Shop, endpoint: str
) -> None:
    params: Any = {"enabled_events": [*NEEDED_EVENTS, "payment_intent.created"]}
    shop.stripe.v1.webhook_endpoints.update(endpoint, params)
    finding = found(run_checks(settings_of()), "Webhook endpoint")
    assert finding.status is WARNING
    assert "Polling finds those changes, but later" in finding.found
    assert {"refund.created", "invoice.paid", "customer.updated"} < set(finding.lacking)
    assert not {"payment_intent.created", *NEEDED_EVENTS} & set(finding.lacking)


@pytest.mark.usefixtures("endpoint")
def test_two_endpoints_at_this_address_are_a_thing_to_know(
    settings_of: SettingsOf, shop: Shop
) -> None:
    shop.stripe.v1.webhook_endpoints.create({"url": webhook_url(HERE), "enabled_events": ["*"]})
    assert found(run_checks(settings_of()), "Webhook endpoint").status is WARNING


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("http://localhost:8501", True),
        ("http://127.0.0.1", True),
        ("http://[::1]:8501", True),
        ("http://192.168.1.5:8501", True),
        ("http://billing:8501", True),
        ("https://billing.internal", True),
        ("https://billing.example.com", False),
        ("https://8.8.8.8", False),
    ],
)
def test_private_addresses_are_known(url: str, private: bool) -> None:
    assert is_private(url) is private


def test_a_local_address_with_stripe_itself_gets_the_command_that_forwards_events(
    settings_of: SettingsOf,
) -> None:
    settings = settings_of(STRIPE_API_BASE=None, STRIPE_WEBHOOK_SECRET=None)
    reaches = settings_checks.stripe_reaches_app(settings)
    endpoint = webhook_checks.check_endpoint([], HERE, stripe_reaches_it=reaches)
    secret, address = settings_checks.webhook_secret(settings), settings_checks.public_url(settings)
    assert (endpoint.status, endpoint.missing) == (WARNING, None)
    assert (
        "stripe listen --forward-to localhost:8501/api/billing/stripe/webhook" in endpoint.next_step
    )
    assert secret.status is WARNING
    assert (address.status, "webhooks cannot" in address.found) == (OK, True)


@pytest.mark.usefixtures("endpoint")
def test_refused_deliveries_are_reported_as_on_the_events_page(settings_of: SettingsOf) -> None:
    settings = settings_of()
    body = json.dumps(
        {"id": "evt_1", "object": "event", "type": "checkout.session.expired", "created": 1,
         "data": {"object": {"id": "cs_test_1"}}}
    ).encode()  # fmt: skip

    async def run(*secrets: str) -> tuple[Finding, Report]:
        services = Services(settings, stripe_name="Stripe under test")
        try:
            for secret in secrets:
                with contextlib.suppress(WebhookRefused):
                    await services.webhooks.receive(body, signature(body, secret))
            report = await services.setup_checks.run()
            assert (await services.event_log.delivery_health()).title in found(
                report, "Deliveries"
            ).found
            return found(report, "Deliveries"), report
        finally:
            await services.aclose()

    finding, report = asyncio.run(run())
    assert (finding.status, report.worst) == (OK, OK)
    finding, report = asyncio.run(run("whsec_another", "whsec_another"))
    assert (finding.status, report.worst) == (WARNING, WARNING)
    assert "The last 2 deliveries were refused" in finding.found
    assert "signing secret of the endpoint" in finding.next_step
    finding, report = asyncio.run(run("whsec_of_the_tests"))
    assert (finding.status, finding.next_step) == (OK, "")
