from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from billing.errors import NotConfigured
from billing.settings.loading import load_settings
from billing.settings.model import (
    PRICE_PRO_MONTHLY,
    SECRET_KEY,
    SECRETS_FILE,
    SETTINGS,
    WEBHOOK_SECRET,
)

if TYPE_CHECKING:
    from pathlib import Path

    from billing.settings.model import Settings


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for setting in SETTINGS.values():
        monkeypatch.delenv(setting.name, raising=False)
    monkeypatch.chdir(tmp_path)


def loaded(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Settings:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def write_secrets(folder: Path, text: str) -> None:
    (folder / SECRETS_FILE).parent.mkdir(exist_ok=True)
    (folder / SECRETS_FILE).write_text(text)


def test_nothing_set_is_in_order_and_asks_for_the_sandbox() -> None:
    settings = load_settings()
    assert settings.wants_sandbox
    assert not settings.problems
    assert settings.max_credits == 1000
    assert settings.product_name == "PingPoint"


@pytest.mark.parametrize("key", ["sk_test_x", "rk_test_x", "  sk_test_x\n"])
def test_test_keys_are_taken(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    settings = loaded(monkeypatch, STRIPE_SECRET_KEY=key)
    assert settings.secret_key is not None
    assert settings.secret_key.get_secret_value() == key.strip()
    assert not settings.wants_sandbox


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("sk_live_x", "live key"),
        ("rk_live_x", "live key"),
        ("pk_test_x", "a publishable key"),
        ("whsec_x", "a webhook signing secret"),
        ("hello", "not a Stripe key"),
        ("sk_test_", "not a Stripe key"),
    ],
)
def test_any_other_key_is_refused_by_kind_and_never_falls_back_to_the_sandbox(
    monkeypatch: pytest.MonkeyPatch, key: str, said: str
) -> None:
    settings = loaded(monkeypatch, STRIPE_SECRET_KEY=key)
    assert settings.secret_key is None
    assert not settings.wants_sandbox
    assert said in settings.problems[SECRET_KEY].message
    with pytest.raises(NotConfigured, match=said):
        settings.require(SECRET_KEY, settings.secret_key)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("STRIPE_PRICE_PRO_MONTHLY", "prod_123", "Product ID"),
        ("STRIPE_PRICE_EXTRA_CREDIT", "sk_test_x", "an API key instead of a Price ID"),
        ("STRIPE_PRICE_EXTRA_CREDIT", "whsec_x", "a webhook signing secret instead of a Price ID"),
        ("STRIPE_PRICE_EXTRA_CREDIT", "https://dashboard.stripe.com/prices/price_x", "a URL"),
        ("STRIPE_PRICE_EXTRA_CREDIT", "price_x price_y", "a space"),
        ("STRIPE_PRICE_EXTRA_CREDIT", "'price_x'", "a quotation mark"),
        ("STRIPE_SECRET_KEY", '"sk_test_hidden"', "a quotation mark"),
        ("STRIPE_SECRET_KEY", "sk_test_hidden'", "a quotation mark"),
        ("STRIPE_SECRET_KEY", r"sk_test_hidden\n", r"a literal \n"),
        ("STRIPE_SECRET_KEY", "sk_test_hidden sk_test_hidden", "a space"),
        ("STRIPE_SECRET_KEY", "sk_test_\u2026", "not a Stripe key"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_hidden;whsec_hidden", "a semicolon"),
        ("STRIPE_WEBHOOK_SECRET", r"whsec_hidden\n", r"a literal \n"),
        ("STRIPE_WEBHOOK_SECRET", '"whsec_hidden, whsec_hidden"', "a quotation mark"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_hidden whsec_hidden", "a space"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_\u2026", "an unknown value instead of a signing secret"),
        ("DATABASE_URL", '"sqlite:///hidden"', "a quotation mark"),
        ("STRIPE_API_BASE", "http://[", "base URL"),
        ("STRIPE_API_BASE", "http://localhost:12111'", "a quotation mark"),
        ("PINGPOINT_PUBLIC_URL", "https://me:hidden@example.com", "a password"),
        ("PINGPOINT_PUBLIC_URL", "https://:hidden@example.com", "a password"),
        ("PINGPOINT_PUBLIC_URL", "https://example.com/app", "path"),
        ("PINGPOINT_PUBLIC_URL", "example.com", "base URL"),
        ("PINGPOINT_PUBLIC_URL", "javascript://example.com", "base URL"),
        ("PINGPOINT_PUBLIC_URL", "http://example.com:port", "base URL"),
        ("STRIPE_API_BASE", "localhost:12111", "base URL"),
        ("STRIPE_WEBHOOK_SECRET", "sk_test_x", "an API key instead of a signing secret"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_a,we_123", "endpoint's ID"),
        ("BILLING_MAX_CREDITS", "0", "whole number"),
        ("BILLING_MAX_CREDITS", "2.5", "whole number"),
        ("BILLING_EVENT_DAYS", "0", "whole number of days"),
        ("BILLING_REQUEST_LOG_SIZE", "many", "from 0 to 9999999"),
        ("BILLING_LOG_FORMAT", "xml", "neither text nor json"),
        ("SANDBOX_WEBHOOK_RETRIES", "never", "neither quick nor stripe"),
        ("BILLING_PRODUCT_NAME", "x" * 41, "at most 40 characters"),
        ("BILLING_PRODUCT_NAME", "two\nlines", "at most 40 characters"),
        ("BILLING_ALLOWED_HOSTS", "http://dashboard", "not a host name"),
        ("BILLING_ALLOWED_HOSTS", "dashboard:8501", "not a host name"),
        ("BILLING_ALLOWED_HOSTS", "dashboard,*.internal", "not a host name"),
        ("BILLING_ALLOWED_HOSTS", "a..b", "not a host name"),
        ("BILLING_USER_HEADER", "X-User, X-Email", "one HTTP header"),
    ],
)
def test_a_malformed_value_is_a_problem_that_names_its_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    problem = loaded(monkeypatch, **{name: value}).problems[name]
    assert name in problem.message
    assert said in problem.message
    assert problem.next_step
    assert "hidden" not in f"{problem.message} {problem.next_step}"


@pytest.mark.parametrize("price", ["price_x", "plan_Abc123", "pro-monthly", "Pro/2019", "99"])
def test_an_id_that_may_be_a_prices_is_left_for_stripe_to_judge(
    monkeypatch: pytest.MonkeyPatch, price: str
) -> None:
    settings = loaded(monkeypatch, STRIPE_PRICE_PRO_MONTHLY=price)
    assert (settings.price_pro_monthly, settings.problems) == (price, {})


@pytest.mark.parametrize("tail", ["", "/", "/v1", "/v1/"])
def test_the_api_address_is_taken_with_and_without_its_version(
    monkeypatch: pytest.MonkeyPatch, tail: str
) -> None:
    settings = loaded(monkeypatch, STRIPE_API_BASE=f"http://localhost:12111/stripe{tail}")
    assert settings.api_base == "http://localhost:12111/stripe"


def test_one_bad_value_leaves_the_others_usable(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(
        monkeypatch,
        STRIPE_SECRET_KEY="sk_test_x",
        STRIPE_PRICE_PRO_MONTHLY="prod_x",
        STRIPE_PRICE_EXTRA_CREDIT="price_x",
        PINGPOINT_PUBLIC_URL="https://example.com/",
    )
    assert set(settings.problems) == {PRICE_PRO_MONTHLY}
    assert settings.price_extra_credit == "price_x"
    assert settings.public_url == "https://example.com"


def test_several_signing_secrets_are_taken_while_one_is_rolled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = loaded(monkeypatch, STRIPE_WEBHOOK_SECRET="whsec_old, whsec_new")
    assert [one.get_secret_value() for one in settings.webhook_secrets] == [
        "whsec_old",
        "whsec_new",
    ]


def test_the_environment_goes_before_the_secrets_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_secrets(
        tmp_path,
        'STRIPE_SECRET_KEY = "sk_test_file"\nBILLING_MAX_CREDITS = 7\n[other]\nkey = "x"\n',
    )
    settings = loaded(monkeypatch, STRIPE_SECRET_KEY="sk_test_environment")
    assert settings.secret_key is not None
    assert settings.secret_key.get_secret_value() == "sk_test_environment"
    assert settings.max_credits == 7


def test_an_environment_of_ones_own_is_read_instead_of_the_processes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_secrets(tmp_path, "BILLING_MAX_CREDITS = 7")
    monkeypatch.setenv("BILLING_MAX_CREDITS", "9")
    settings = load_settings({"STRIPE_SECRET_KEY": "sk_test_x"})
    assert settings.max_credits == 7
    assert settings.source("BILLING_MAX_CREDITS") == str(SECRETS_FILE)
    assert settings.source("STRIPE_SECRET_KEY") == "environment"


@pytest.mark.parametrize(
    "written",
    [
        '[stripe]\nSTRIPE_SECRET_KEY = "sk_test_hidden"',
        '[a.stripe]\nSTRIPE_SECRET_KEY = "sk_test_hidden"',
        'STRIPE_SECRET_KEY = ["sk_test_hidden"]',
    ],
)
def test_a_setting_in_a_section_or_a_list_is_said_by_name_and_not_replaced_by_the_sandbox(
    tmp_path: Path, written: str
) -> None:
    write_secrets(tmp_path, written)
    settings = load_settings()
    (problem,) = settings.problems.values()
    assert problem.setting == SECRET_KEY
    assert "section" in problem.message
    assert "above the first section" in problem.next_step
    assert "hidden" not in problem.message
    assert not settings.wants_sandbox
    assert load_settings({"STRIPE_SECRET_KEY": "sk_test_x"}).problems == {}


@pytest.mark.parametrize("written", [b"STRIPE_SECRET_KEY = sk_test_unquoted", b"\xff = 1"])
def test_a_secrets_file_that_is_no_toml_is_named_and_not_quoted(
    tmp_path: Path, written: bytes
) -> None:
    write_secrets(tmp_path, "")
    (tmp_path / SECRETS_FILE).write_bytes(written)
    (problem,) = load_settings().problems.values()
    assert "secrets.toml" in problem.message
    assert "sk_test_unquoted" not in f"{problem.message} {problem.next_step}"


def test_a_secrets_file_that_cannot_be_opened_is_named_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / SECRETS_FILE).mkdir(parents=True)
    (problem,) = load_settings({"STRIPE_SECRET_KEY": "sk_test_x"}).problems.values()
    assert problem.message == ".streamlit/secrets.toml cannot be read: Is a directory."


def test_what_is_written_otherwise_than_before_is_named(tmp_path: Path) -> None:
    write_secrets(tmp_path, 'STRIPE_PRICE_PRO_MONTHLY = "price_a"\nBILLING_MAX_CREDITS = 7')
    before = load_settings()
    assert load_settings().changed_since(before.with_defaults(api_base="http://127.0.0.1:1")) == []
    write_secrets(tmp_path, 'STRIPE_PRICE_PRO_MONTHLY = "price_b"\nSTRIPE_SECRET_KEY = "pk_x"')
    assert load_settings().changed_since(before) == [
        "STRIPE_SECRET_KEY",
        "STRIPE_PRICE_PRO_MONTHLY",
        "BILLING_MAX_CREDITS",
    ]


def test_settings_do_not_print_their_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(
        monkeypatch,
        STRIPE_SECRET_KEY="sk_test_hidden",
        STRIPE_WEBHOOK_SECRET="whsec_hidden",
        DATABASE_URL="postgresql+psycopg://user:hidden@db/billing",
    )
    assert "hidden" not in repr(settings)


def test_values_of_the_sandbox_fill_only_what_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(monkeypatch, STRIPE_PRICE_PRO_MONTHLY="price_mine")
    filled = settings.with_defaults(
        price_pro_monthly="price_sandbox", price_extra_credit="price_sandbox"
    )
    assert filled.price_pro_monthly == "price_mine"
    assert filled.price_extra_credit == "price_sandbox"
    broken = loaded(monkeypatch, STRIPE_WEBHOOK_SECRET="sk_test_x")
    assert broken.with_defaults(webhook_secrets=("whsec_sandbox",)).webhook_secrets == ()
    assert WEBHOOK_SECRET in broken.problems


def test_allowed_hosts_are_names_as_browsers_send_them(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().allowed_hosts == ()
    written = " Dashboard, billing.internal.,my_service ,,bücher.example"
    settings = loaded(monkeypatch, BILLING_ALLOWED_HOSTS=written)
    assert settings.allowed_hosts == (
        "dashboard",
        "billing.internal",
        "my_service",
        "xn--bcher-kva.example",
    )


def test_no_user_header_is_believed_unless_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().user_header is None
    assert loaded(monkeypatch, BILLING_USER_HEADER="X-Email").user_header == "X-Email"
