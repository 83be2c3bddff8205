"""Right and wrong settings, and where each came from."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from billing.services import Services
from billing.setup import settings_checks
from tests.billing.setup.conftest import (
    KEY,
    OK,
    WARNING,
    WRONG,
    SettingsOf,
    found,
    run_checks,
    wrong,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.usefixtures("endpoint")
def test_each_value_tells_where_it_came_from(settings_of: SettingsOf, tmp_path: Path) -> None:
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit/secrets.toml").write_text(
        'BILLING_MAX_CREDITS = 7\nSTRIPE_SECRET_KEY = "sk_test_overridden"\n'
    )
    settings = settings_of(STRIPE_WEBHOOK_SECRET=None)
    report = run_checks(settings.with_defaults(source="somewhere", webhook_secrets=("whsec_x",)))
    sources = {finding.setting: finding.source for finding in report.findings if finding.setting}
    assert sources == {
        "STRIPE_SECRET_KEY": "environment",
        "STRIPE_API_BASE": "environment",
        "STRIPE_PRICE_PRO_MONTHLY": "environment",
        "STRIPE_PRICE_EXTRA_CREDIT": "environment",
        "STRIPE_WEBHOOK_SECRET": "somewhere",
        "PINGPOINT_PUBLIC_URL": "default",
        "DATABASE_URL": "default",
        "BILLING_MAX_CREDITS": ".streamlit/secrets.toml",
    }


def test_no_secret_is_in_any_finding(settings_of: SettingsOf) -> None:
    report = run_checks(
        settings_of(
            STRIPE_WEBHOOK_SECRET="whsec_hidden,whsec_hidden_too",
            DATABASE_URL="postgresql+psycopg://user:hidden@127.0.0.1:1/billing",
        )
    )
    assert "hidden" not in repr(report)
    assert KEY not in repr(report)
    assert found(report, "Secret key").found == "A secret key in test mode, ending in ABCD."
    assert found(report, "Signing secret").found == "2 secrets; each of them is accepted."


@pytest.mark.usefixtures("endpoint")
@pytest.mark.parametrize(
    ("name", "value", "finding", "next_step"),
    [
        ("STRIPE_WEBHOOK_SECRET", None, "Signing secret", "whsec_…"),
        ("STRIPE_WEBHOOK_SECRET", "sk_test_x", "Signing secret", "whsec_…"),
        ("STRIPE_WEBHOOK_SECRET", "we_x", "Signing secret", "whsec_…"),
        ("PINGPOINT_PUBLIC_URL", "https://example.com/app", "Public URL", "Leave only"),
        ("BILLING_MAX_CREDITS", "2.5", "Maximum credits", "Write it like"),
        ("DATABASE_URL", "sqlite:////proc/none/billing.sqlite3", "Database", "DATABASE_URL"),
        ("DATABASE_URL", "hidden", "Database", "postgresql+psycopg://"),
    ],
)
def test_one_wrong_setting_is_one_wrong_finding_with_its_mend(
    settings_of: SettingsOf, name: str, value: str | None, finding: str, next_step: str
) -> None:
    report = run_checks(settings_of(**{name: value}))
    assert wrong(report) == [finding]
    assert found(report, finding).setting == name
    assert next_step in found(report, finding).next_step
    assert report.verdict == "1 problem found"


@pytest.mark.usefixtures("endpoint")
def test_a_secrets_file_that_cannot_be_read_is_a_finding_and_the_environment_still_counts(
    settings_of: SettingsOf, tmp_path: Path
) -> None:
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit/secrets.toml").write_text("STRIPE_SECRET_KEY = sk_test_unquoted")
    report = run_checks(settings_of())
    assert wrong(report) == ["Settings file"]
    assert found(report, "Secret key").source == "environment"


@pytest.mark.usefixtures("endpoint")
def test_a_changed_secrets_file_is_read_anew_and_asks_for_a_restart(
    settings_of: SettingsOf, tmp_path: Path
) -> None:
    settings = settings_of()
    file = tmp_path / ".streamlit/secrets.toml"
    file.parent.mkdir()
    changes = {
        "": (None, ""),
        "BILLING_MAX_CREDITS = 7": (WARNING, "Changed since the app started: BILLING_MAX_CREDITS."),
        "BILLING_MAX_CREDITS = 0": (WRONG, "BILLING_MAX_CREDITS is not a whole number"),
        "BILLING_MAX_CREDITS 0": (WRONG, ".streamlit/secrets.toml is not valid TOML"),
    }

    async def run() -> None:
        services = Services(settings, stripe_name="Stripe under test")
        try:
            for text, (status, said) in changes.items():
                file.write_text(text)
                report = await services.setup_checks.run()
                of_the_file = [one for one in report.findings if one.name == "Settings file"]
                assert [one.status for one in of_the_file] == ([status] if status else [])
                assert all(said in one.found for one in of_the_file)
                assert all(
                    "estart the app" in one.next_step for one in of_the_file if "MAX" in said
                )
        finally:
            await services.aclose()

    asyncio.run(run())


def test_a_proxy_is_named_without_its_password(
    settings_of: SettingsOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://eve:hidden@proxy.example.com:3128")
    monkeypatch.delenv("NO_PROXY", raising=False)
    finding = settings_checks.api_base(settings_of(STRIPE_API_BASE="https://api.stripe.com"))
    assert finding.found == "Stripe's own API, through the proxy http://proxy.example.com:3128:"


@pytest.mark.parametrize(
    ("environment", "name", "status", "said"),
    [
        (
            {"BILLING_TRUSTED_PROXIES": "10.0.0.5,172.16.0.0/12"},
            "Trusted proxies",
            OK,
            "10.0.0.5, 172.16.0.0/12: believed",
        ),
        ({"BILLING_ALLOW_ANONYMOUS": "1"}, "Anonymous access", OK, "has the role tester."),
        (
            {"BILLING_ALLOW_ANONYMOUS": "admin", "BILLING_USER_HEADER": "X-Email"},
            "Anonymous access",
            OK,
            "Not in force.",
        ),
        ({"BILLING_TRUSTED_PROXIES": "all"}, "Trusted proxies", WRONG, "neither an IP address"),
        ({"BILLING_OIDC_CLIENT_ID": "dashboard"}, "Sign-in", WRONG, "must be set too"),
    ],
)
def test_what_is_set_on_who_may_come_in_is_a_finding(
    settings_of: SettingsOf, environment: dict[str, str], name: str, status: str, said: str
) -> None:
    findings = {one.name: one for one in settings_checks.access(settings_of(**environment))}
    assert findings[name].status == status
    assert said in findings[name].found
    assert len(findings) == len(environment)


def test_nothing_is_said_of_it_where_nothing_is_set(settings_of: SettingsOf) -> None:
    assert settings_checks.access(settings_of()) == []
