"""Every right and wrong state of the setup, against the sandbox and against a faulty Stripe."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from billing.errors import WebhookRefused
from billing.services import Services
from billing.settings.loading import load_settings
from billing.settings.model import DEFAULT_DATABASE_URL
from billing.setup import settings_checks, webhook_checks
from billing.setup.findings import Finding, Group, Missing, Report, Status
from billing.setup.price_checks import check_price as judged_price
from billing.setup.provisioning import planned_price
from billing.setup.webhook_checks import NEEDED_EVENTS, STORY_EVENTS
from billing.store import Store
from billing.sync import checkpoint
from billing.timings import DEFAULT_TIMINGS
from billing.urls import is_private, webhook_url
from tests.support.server import listening_socket
from tests.support.stripe_account import ACCOUNT, DOWN, REQUEST_ID, SILENT, StripeAccount, always
from tests.support.webhooks import signature

if TYPE_CHECKING:
    from pathlib import Path

    from billing.settings.model import Settings
    from tests.support.shop import Shop

OK, UNKNOWN, WARNING, WRONG = Status.OK, Status.UNKNOWN, Status.WARNING, Status.WRONG
UNAVAILABLE = Status.UNAVAILABLE
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


@pytest.mark.usefixtures("endpoint")
def test_everything_in_order_is_said_so(settings_of: SettingsOf) -> None:
    report = run_checks(settings_of())
    assert {finding.status for finding in report.findings} == {OK}
    assert report.verdict == "Everything is set up"
    assert not [finding for finding in report.findings if finding.mend or finding.missing]
    assert [group for group in Group if not report.of(group)] == []


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
    ("fault", "said", "mend"),
    [
        ("unauthorized", "does not accept the key", "Copy a current test key"),
        ("rate_limited", "429", "Wait a few seconds"),
        ("failing", "a server error", "the log of the server at 127.0.0.1:"),
        ("not_json", "", "STRIPE_API_BASE"),
    ],
)
def test_a_stripe_that_fails_is_asked_once_and_the_rest_still_shows(
    settings_of: SettingsOf, account: StripeAccount, fault: str, said: str, mend: str
) -> None:
    status = UNAVAILABLE if fault in ("rate_limited", "failing") else WRONG
    account.faults = always(fault, retried=True)
    report = run_checks(settings_of(STRIPE_API_BASE=account.url, BILLING_MAX_CREDITS="0"))
    answer = found(report, "Connection")
    assert (answer.status, said in answer.found, mend in answer.mend) == (status, True, True)
    assert answer.reference == ("" if fault == "not_json" else REQUEST_ID)
    assert wrong(report) == ["Connection"] * (status is WRONG) + ["Maximum credits"]
    assert [finding.status for finding in report.of(Group.PRICES)] == [UNKNOWN, UNKNOWN]
    assert set(account.paths("GET")) == {ACCOUNT}


@pytest.mark.parametrize(
    ("route", "name", "status"),
    [
        ("GET /v1/checkout/sessions", "Read Checkout Sessions", WRONG),
        ("POST /v1/checkout/sessions", "Write Checkout Sessions", WRONG),
        ("GET /v1/events", "Read Events", WRONG),
        ("GET /v1/payment_intents", "Read PaymentIntents", WRONG),
        ("GET /v1/invoices", "Read Invoices", WRONG),
        ("GET /v1/prices/price_pro", "Pro plan Price", WRONG),
        ("GET /v1/account", "Account", UNKNOWN),
        ("GET /v1/webhook_endpoints", "Webhook endpoint", UNKNOWN),
    ],
)
def test_what_a_restricted_key_may_not_do_is_told_in_stripes_words(
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
    assert "Give the key this permission in the Stripe Dashboard" in finding.mend
    assert finding.reference == REQUEST_ID
    assert found(report, "Connection").status is OK
    lacking = [one.name for one in report.findings if one.found == finding.found]
    assert lacking == [name]
    assert account.paths("POST") == ["/v1/checkout/sessions/cs_test_permission_check/expire"]


def test_a_stripe_that_does_not_answer_is_not_waited_for_forever(
    settings_of: SettingsOf, account: StripeAccount
) -> None:
    account.faults = SILENT
    report = run_checks(settings_of(STRIPE_API_BASE=account.url), setup_check_seconds=0.2)
    assert "did not answer within 0.2 seconds" in found(report, "Connection").found
    assert wrong(report) == []
    assert report.worst is UNAVAILABLE
    assert report.verdict == "Some checks could not be completed"


def test_an_address_where_nobody_answers_is_told_and_may_pass(settings_of: SettingsOf) -> None:
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
    assert "STRIPE_SECRET_KEY" in found(report, "API address").mend


@pytest.mark.parametrize(
    ("price", "status", "said"),
    [
        ({"unit_amount": 9900, "recurring": {"interval": "month"}}, OK, "$99 every month, active"),
        ({"unit_amount": 4900, "recurring": {"interval": "month"}}, WARNING, "$49 every month"),
        ({"unit_amount": 9900, "recurring": {"interval": "year"}}, WARNING, "$99 every year"),
        (
            {"unit_amount": 9900, "recurring": {"interval": "month", "interval_count": 3}},
            WARNING,
            "$99 every 3 months",
        ),
        (
            {"unit_amount": 9900, "currency": "jpy", "recurring": {"interval": "month"}},
            WARNING,
            "¥9,900 every month, active. Expected: $99 every month",
        ),
        ({"unit_amount": 9900}, WRONG, "It is one-time; a recurring Price is needed"),
        (
            {"unit_amount": 9900, "recurring": {"interval": "month"}, "active": False},
            WRONG,
            "It is archived",
        ),
    ],
)
def test_the_pro_price_is_judged_by_what_stripe_says_of_it(
    settings_of: SettingsOf, shop: Shop, price: dict[str, Any], status: Status, said: str
) -> None:
    params: Any = {"currency": "usd", "product_data": {"name": "Another"}} | price
    made = shop.stripe.v1.prices.create(params)
    finding = found(run_checks(settings_of(STRIPE_PRICE_PRO_MONTHLY=made.id)), "Pro plan Price")
    assert (finding.status, finding.reference) == (status, made.id)
    assert said in finding.found
    if status is WARNING:
        assert "The Billing page shows this Price" in finding.mend
    if status is WRONG:
        assert "STRIPE_PRICE_PRO_MONTHLY" in finding.mend
        assert finding.missing is Missing.PRO_PRICE


def test_a_recurring_price_for_credits_is_wrong(settings_of: SettingsOf, shop: Shop) -> None:
    pro = shop.server.services.settings.price_pro_monthly
    report = run_checks(settings_of(STRIPE_PRICE_EXTRA_CREDIT=pro))
    finding = found(report, "Extra load credit Price")
    assert (finding.status, finding.missing) == (WRONG, Missing.CREDIT_PRICE)
    assert "It is recurring; a one-time Price is needed" in finding.found


def test_a_price_of_an_archived_product_is_wrong(settings_of: SettingsOf, shop: Shop) -> None:
    pro = shop.stripe.v1.prices.retrieve(shop.server.services.settings.price_pro_monthly or "")
    shop.stripe.v1.products.update(str(pro.product), {"active": False})
    finding = found(run_checks(settings_of()), "Pro plan Price")
    assert (finding.status, "Its product is archived" in finding.found) == (WRONG, True)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"recurring": {"interval": "month", "usage_type": "metered"}}, "Its usage is metered"),
        ({"unit_amount": None}, "A Price with a unit amount is needed"),
    ],
)
def test_a_price_that_cannot_be_bought_by_the_quantity_is_wrong(
    changed: dict[str, Any], said: str
) -> None:
    price = {
        "id": "price_x",
        "active": True,
        "type": "recurring",
        "currency": "usd",
        "unit_amount": 9900,
        "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
    }
    planned = planned_price(Missing.PRO_PRICE)
    assert planned is not None
    assert judged_price(planned, price).status is OK
    finding = judged_price(planned, price | changed)
    assert (finding.status, said in finding.found) == (WRONG, True)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("price_unknown", "This Price does not exist in the key's account"),
        ("prod_x", "a Product ID"),
        ("plan_Abc123", "This Price does not exist in the key's account"),
        ("pro/monthly?x", "This Price does not exist in the key's account"),
        (None, "is not set"),
    ],
)
def test_a_price_that_is_not_there_is_wrong_and_can_be_made(
    settings_of: SettingsOf, value: str | None, said: str
) -> None:
    report = run_checks(settings_of(STRIPE_PRICE_EXTRA_CREDIT=value))
    finding = found(report, "Extra load credit Price")
    assert (finding.status, finding.missing) == (WRONG, Missing.CREDIT_PRICE)
    assert said in finding.found
    assert finding.mend
    assert found(report, "Pro plan Price").status is OK


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
    params: Any = {"url": url, "enabled_events": [*NEEDED_EVENTS, *STORY_EVENTS]}
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


def test_a_disabled_endpoint_is_wrong(settings_of: SettingsOf, shop: Shop, endpoint: str) -> None:
    shop.stripe.v1.webhook_endpoints.update(endpoint, {"disabled": True})
    finding = found(run_checks(settings_of()), "Webhook endpoint")
    assert (finding.status, finding.missing) == (WRONG, None)
    assert "Enable it" in finding.mend


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


def test_an_endpoint_that_lacks_what_only_a_story_tells_is_a_thing_to_know(
    settings_of: SettingsOf, shop: Shop, endpoint: str
) -> None:
    params: Any = {"enabled_events": [*NEEDED_EVENTS, "payment_intent.created"]}
    shop.stripe.v1.webhook_endpoints.update(endpoint, params)
    finding = found(run_checks(settings_of()), "Webhook endpoint")
    assert finding.status is WARNING
    assert "receives every event that is required" in finding.found
    assert "add payment_intent.requires_action, payment_intent.payment_failed" in finding.mend
    assert "payment_intent.created" not in finding.mend


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
    assert "stripe listen --forward-to localhost:8501/api/billing/stripe/webhook" in endpoint.mend
    assert secret.status is WARNING
    assert (address.status, "webhooks cannot" in address.found) == (OK, True)


@pytest.mark.usefixtures("endpoint")
@pytest.mark.parametrize(
    ("name", "value", "finding", "mend"),
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
    settings_of: SettingsOf, name: str, value: str | None, finding: str, mend: str
) -> None:
    report = run_checks(settings_of(**{name: value}))
    assert wrong(report) == [finding]
    assert found(report, finding).setting == name
    assert mend in found(report, finding).mend
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
                assert all("estart the app" in one.mend for one in of_the_file if "MAX" in said)
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


@pytest.mark.usefixtures("endpoint")
def test_refused_deliveries_are_told_as_on_the_events_page(settings_of: SettingsOf) -> None:
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
    assert "signing secret of the endpoint" in finding.mend
    finding, report = asyncio.run(run("whsec_of_the_tests"))
    assert (finding.status, finding.mend) == (OK, "")


def test_with_nothing_set_the_sandbox_is_expected_and_nothing_is_wrong() -> None:
    report = run_checks(load_settings())
    assert wrong(report) == []
    assert "local sandbox" in found(report, "Secret key").found
    assert found(report, "Connection").status is UNKNOWN
    assert {finding.status for finding in report.of(Group.PRICES)} == {OK}
