from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from billing.errors import NotConfigured
from billing.setting_sources import load_settings
from billing.settings import PRICE_PRO_MONTHLY, SECRET_KEY, WEBHOOK_SECRET

if TYPE_CHECKING:
    from pathlib import Path

    from billing.settings import Settings

NAMES = [
    *("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "STRIPE_API_BASE"),
    *("STRIPE_PRICE_PRO_MONTHLY", "STRIPE_PRICE_EXTRA_CREDIT"),
    *("PINGPOINT_PUBLIC_URL", "DATABASE_URL", "BILLING_MAX_CREDITS"),
    *("BILLING_ALLOWED_HOSTS", "BILLING_USER_HEADER"),
]


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def loaded(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Settings:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def test_nothing_set_is_in_order_and_asks_for_the_sandbox() -> None:
    settings = load_settings()
    assert settings.wants_sandbox
    assert not settings.problems
    assert settings.max_credits == 1000


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
        ("hello", "no Stripe key"),
        ("sk_test_", "no Stripe key"),
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
        ("STRIPE_PRICE_PRO_MONTHLY", "prod_123", "Product id"),
        ("STRIPE_PRICE_EXTRA_CREDIT", "99", "no"),
        ("PINGPOINT_PUBLIC_URL", "https://example.com/app", "path"),
        ("PINGPOINT_PUBLIC_URL", "example.com", "base URL"),
        ("PINGPOINT_PUBLIC_URL", "javascript://example.com", "base URL"),
        ("PINGPOINT_PUBLIC_URL", "http://example.com:port", "base URL"),
        ("STRIPE_API_BASE", "localhost:12111", "base URL"),
        ("STRIPE_WEBHOOK_SECRET", "sk_test_x", "an API key where a signing secret belongs"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_a,we_123", "endpoint's id"),
        ("BILLING_MAX_CREDITS", "0", "whole number"),
        ("BILLING_MAX_CREDITS", "2.5", "whole number"),
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
    assert value not in problem.message or not value.startswith("sk_")


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
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit/secrets.toml").write_text(
        'STRIPE_SECRET_KEY = "sk_test_file"\nBILLING_MAX_CREDITS = 7\n[other]\nkey = "x"\n'
    )
    settings = loaded(monkeypatch, STRIPE_SECRET_KEY="sk_test_environment")
    assert settings.secret_key is not None
    assert settings.secret_key.get_secret_value() == "sk_test_environment"
    assert settings.max_credits == 7


def test_a_secrets_file_that_is_no_toml_is_named_and_not_quoted(tmp_path: Path) -> None:
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit/secrets.toml").write_text("STRIPE_SECRET_KEY = sk_test_unquoted")
    (problem,) = load_settings().problems.values()
    assert "secrets.toml" in problem.message
    assert "sk_test_unquoted" not in f"{problem.message} {problem.next_step}"


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
    filled = settings.using(price_pro_monthly="price_sandbox", price_extra_credit="price_sandbox")
    assert filled.price_pro_monthly == "price_mine"
    assert filled.price_extra_credit == "price_sandbox"
    broken = loaded(monkeypatch, STRIPE_WEBHOOK_SECRET="sk_test_x")
    assert broken.using(webhook_secrets=("whsec_sandbox",)).webhook_secrets == ()
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
