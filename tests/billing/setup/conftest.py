"""The setup of a shop, checked."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from sqlalchemy import make_url

from billing.services import Services
from billing.settings.loading import load_settings
from billing.settings.model import DEFAULT_DATABASE_URL
from billing.setup.findings import Finding, Report, Status
from billing.timings import DEFAULT_TIMINGS
from billing.urls import webhook_url
from tests.support.database.schema import sqlite_template

if TYPE_CHECKING:
    from billing.settings.model import Settings
    from tests.support.servers.shop import Shop


OK, UNKNOWN, WARNING, WRONG = Status.OK, Status.UNKNOWN, Status.WARNING, Status.WRONG
HERE = "http://localhost:8501"
KEY = "sk_test_of_a_stranger_and_long_ABCD"
SETTINGS = [
    *("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "STRIPE_API_BASE"),
    *("STRIPE_PRICE_PRO_MONTHLY", "STRIPE_PRICE_EXTRA_CREDIT"),
    *("PINGPOINT_PUBLIC_URL", "DATABASE_URL", "BILLING_MAX_CREDITS"),
]


class SettingsOf(Protocol):
    """The shop's settings as read from the environment; None unsets one."""

    def __call__(self, **changed: str | None) -> Settings: ...


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    database = Path(make_url(DEFAULT_DATABASE_URL.get_secret_value()).database or "")
    database.parent.mkdir()
    database.write_bytes(sqlite_template())


@pytest.fixture
def settings_of(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> SettingsOf:
    # One schema at a time is made in a process: the shop's own first.
    shop.server.portal.call(shop.server.services.store.ping)

    def settings_of(**changed: str | None) -> Settings:
        of_the_shop = shop.server.services.settings
        values: dict[str, str | None] = {
            "STRIPE_SECRET_KEY": KEY,
            "STRIPE_WEBHOOK_SECRET": "whsec_of_the_tests",
            "STRIPE_API_BASE": of_the_shop.api_base,
            "STRIPE_PRICE_PRO_MONTHLY": of_the_shop.price_pro_monthly,
            "STRIPE_PRICE_EXTRA_CREDIT": of_the_shop.price_extra_credit,
        }
        for name, value in (values | changed).items():
            if value is not None:
                monkeypatch.setenv(name, value)
        return load_settings().with_defaults(public_url=HERE)

    return settings_of


@pytest.fixture
def endpoint(shop: Shop) -> str:
    """The id of the endpoint that the app should have."""
    made = shop.stripe.v1.webhook_endpoints.create(
        {"url": webhook_url(HERE), "enabled_events": ["*"]}
    )
    return made.id


def run_checks(settings: Settings, **timings: Any) -> Report:
    async def run() -> Report:
        waits = replace(DEFAULT_TIMINGS, **timings)
        services = Services(settings, stripe_name="Stripe under test", timings=waits)
        try:
            return await services.setup_checks.run()
        finally:
            await services.aclose()

    return asyncio.run(run())


def found(report: Report, name: str) -> Finding:
    (finding,) = [finding for finding in report.findings if finding.name == name]
    return finding


def wrong(report: Report) -> list[str]:
    return [finding.name for finding in report.findings if finding.status is WRONG]
