"""What a restricted key may not do is found out and named."""

from __future__ import annotations

import pytest

from billing.setup.findings import Status
from tests.billing.setup.conftest import (
    OK,
    UNKNOWN,
    WRONG,
    SettingsOf,
    found,
    run_checks,
)
from tests.support.stripe_account import REQUEST_ID, StripeAccount


@pytest.mark.parametrize(
    ("route", "name", "status"),
    [
        ("GET /v1/checkout/sessions", "Read Checkout Sessions", WRONG),
        ("POST /v1/checkout/sessions", "Write Checkout Sessions", WRONG),
        ("GET /v1/events", "Read Events", WRONG),
        ("GET /v1/payment_intents", "Read PaymentIntents", WRONG),
        ("GET /v1/invoices", "Read Invoices", WRONG),
        ("GET /v1/subscriptions", "Read Subscriptions", WRONG),
        ("GET /v1/refunds", "Read Charges and Refunds", WRONG),
        ("GET /v1/disputes", "Read Disputes", WRONG),
        ("GET /v1/customers", "Read Customers", WRONG),
        ("GET /v1/prices/price_pro", "Pro plan Price", WRONG),
        ("GET /v1/account", "Account", UNKNOWN),
        ("GET /v1/webhook_endpoints", "Webhook endpoint", UNKNOWN),
    ],
)
def test_what_a_restricted_key_may_not_do_is_said_in_stripes_words(
    settings_of: SettingsOf, account: StripeAccount, route: str, name: str, status: Status
) -> None:
    account.forbidden[route] = "\"Some Read\" ('some_read')"
    report = run_checks(
        settings_of(
            STRIPE_API_BASE=account.url,
            STRIPE_PRICE_PRO_MONTHLY="price_pro",
            STRIPE_PRICE_EXTRA_CREDIT="price_credit",
        )
    )
    finding = found(report, name)
    assert finding.status is status
    assert "Enabling \"Some Read\" ('some_read') permissions on this key" in finding.found
    assert "Give the key this permission in the Stripe Dashboard" in finding.next_step
    assert finding.reference == REQUEST_ID
    assert found(report, "Connection").status is OK
    lacking = [one.name for one in report.findings if one.found == finding.found]
    assert lacking == [name]
    assert account.paths("POST") == ["/v1/checkout/sessions/cs_test_permission_check/expire"]
