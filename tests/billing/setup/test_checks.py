"""The checks of the setup as a whole: the key, the connection, the database."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from billing.settings.loading import load_settings
from billing.settings.model import DEFAULT_DATABASE_URL
from billing.setup.findings import Group, Status
from billing.store import Store
from billing.sync import checkpoint
from tests.billing.setup.conftest import (
    OK,
    UNKNOWN,
    WARNING,
    WRONG,
    SettingsOf,
    found,
    run_checks,
    wrong,
)
from tests.support.servers.server import listening_socket
from tests.support.stripe_account import ACCOUNT, DOWN, REQUEST_ID, SILENT, StripeAccount, always

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.shop import Shop


UNAVAILABLE = Status.UNAVAILABLE


@pytest.mark.usefixtures("endpoint")
def test_everything_in_order_is_said_so(settings_of: SettingsOf) -> None:
    report = run_checks(settings_of())
    assert {finding.status for finding in report.findings} == {OK}
    assert report.verdict == "Everything is set up"
    assert not [finding for finding in report.findings if finding.next_step or finding.missing]
    assert [group for group in Group if not report.of(group)] == []


def test_of_a_short_key_only_the_kind_is_shown(settings_of: SettingsOf) -> None:
    report = run_checks(settings_of(STRIPE_SECRET_KEY="rk_test_short"))
    assert found(report, "Secret key").found == "A restricted key in test mode."


@pytest.mark.parametrize("key", ["sk_" + "live_of_nobody", "pk_test_x", "whsec_x", "hello"])
def test_an_unusable_key_is_wrong_and_stripe_is_not_asked(
    settings_of: SettingsOf, account: StripeAccount, key: str
) -> None:
    account.faults = DOWN
    report = run_checks(settings_of(STRIPE_SECRET_KEY=key, STRIPE_API_BASE=account.url))
    assert wrong(report) == ["Secret key"]
    assert found(report, "Connection").status is UNKNOWN
    assert found(report, "Pro plan Price").status is UNKNOWN
    assert found(report, "Database").status is OK
    assert account.requests == []
    assert key not in repr(report)


@pytest.mark.parametrize(
    ("fault", "said", "next_step"),
    [
        ("unauthorized", "does not accept the key", "Copy a current test key"),
        ("rate_limited", "429", "Wait a few seconds"),
        ("failing", "a server error", "the log of the server at 127.0.0.1:"),
        ("not_json", "", "STRIPE_API_BASE"),
    ],
)
def test_a_stripe_that_fails_is_asked_once_and_the_rest_still_shows(
    settings_of: SettingsOf, account: StripeAccount, fault: str, said: str, next_step: str
) -> None:
    status = UNAVAILABLE if fault in ("rate_limited", "failing") else WRONG
    account.faults = always(fault, retried=True)
    report = run_checks(settings_of(STRIPE_API_BASE=account.url, BILLING_MAX_CREDITS="0"))
    answer = found(report, "Connection")
    assert (answer.status, said in answer.found, next_step in answer.next_step) == (
        status,
        True,
        True,
    )
    assert answer.reference == ("" if fault == "not_json" else REQUEST_ID)
    assert wrong(report) == ["Connection"] * (status is WRONG) + ["Maximum credits"]
    assert [finding.status for finding in report.of(Group.PRICES)] == [UNKNOWN, UNKNOWN]
    assert set(account.paths("GET")) == {ACCOUNT}


def test_a_stripe_that_does_not_answer_is_not_waited_for_forever(
    settings_of: SettingsOf, account: StripeAccount
) -> None:
    account.faults = SILENT
    report = run_checks(settings_of(STRIPE_API_BASE=account.url), setup_check_seconds=0.2)
    assert "did not answer within 0.2 seconds" in found(report, "Connection").found
    assert wrong(report) == []
    assert report.worst is UNAVAILABLE
    assert report.verdict == "Some checks could not be completed"


def test_an_address_where_nobody_answers_is_reported_and_may_pass(settings_of: SettingsOf) -> None:
    with listening_socket() as held:
        port = held.getsockname()[1]
    report = run_checks(settings_of(STRIPE_API_BASE=f"http://127.0.0.1:{port}"))
    answer = found(report, "Connection")
    assert (answer.status, "refused the connection" in answer.found) == (UNAVAILABLE, True)


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "SSL_CERT_FILE"])
def test_a_proxy_or_a_certificate_that_does_not_fit_is_wrong_and_names_its_variable(
    settings_of: SettingsOf, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "/nowhere")
    report = run_checks(settings_of(STRIPE_API_BASE="https://api.stripe.example"))
    assert wrong(report) == ["Connection"]
    assert variable in repr(found(report, "Connection"))


@pytest.mark.usefixtures("endpoint")
def test_a_slow_answer_is_a_thing_to_know(settings_of: SettingsOf) -> None:
    report = run_checks(settings_of(), setup_slow_seconds=0.0)
    assert found(report, "Connection").status is WARNING
    assert report.verdict == "Working, with 1 warning"


def test_the_account_is_named_as_stripe_names_it(settings_of: SettingsOf, shop: Shop) -> None:
    account = run_checks(settings_of()).account
    assert account is not None
    assert account.found == "Local sandbox."
    assert account.reference == shop.stripe.v1.accounts.retrieve_current().id


def test_a_malformed_api_address_is_wrong_and_stripe_itself_is_not_asked_instead(
    settings_of: SettingsOf,
) -> None:
    report = run_checks(settings_of(STRIPE_API_BASE="localhost:12111"))
    assert wrong(report) == ["API address"]
    assert found(report, "Connection").status is UNKNOWN


def test_an_api_address_without_a_key_is_wrong(settings_of: SettingsOf) -> None:
    report = run_checks(settings_of(STRIPE_SECRET_KEY=None))
    assert wrong(report) == ["API address"]
    assert "STRIPE_SECRET_KEY" in found(report, "API address").next_step


@pytest.mark.usefixtures("endpoint")
def test_a_database_of_another_account_is_wrong(settings_of: SettingsOf, tmp_path: Path) -> None:
    settings = settings_of(DATABASE_URL=f"sqlite:///{tmp_path}/other.sqlite3")

    async def fill() -> None:
        store = Store(settings.database_url or DEFAULT_DATABASE_URL)
        await store.write(lambda connection: checkpoint.save(connection, {"account": "acct_other"}))
        store.close()

    asyncio.run(fill())
    report = run_checks(settings)
    assert wrong(report) == ["Database"]
    assert "another Stripe account, acct_other" in found(report, "Database").found


def test_with_nothing_set_the_sandbox_is_expected_and_nothing_is_wrong() -> None:
    report = run_checks(load_settings())
    assert wrong(report) == []
    assert "local sandbox" in found(report, "Secret key").found
    assert found(report, "Connection").status is UNKNOWN
    assert {finding.status for finding in report.of(Group.PRICES)} == {OK}
