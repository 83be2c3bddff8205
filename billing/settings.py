"""The settings, read once from the environment and ``.streamlit/secrets.toml``.

One missing or malformed value never stops the app: it becomes a ``NotConfigured`` that names the
setting and its mend, and is raised only by the parts that need the value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from billing.errors import NotConfigured

SECRETS_FILE = Path(".streamlit/secrets.toml")
DEFAULT_DATABASE_URL = SecretStr("sqlite:///.data/billing.sqlite3")
DEFAULT_MAX_CREDITS = 1_000
STRIPE_API_BASE = "https://api.stripe.com"

SECRET_KEY = "STRIPE_SECRET_KEY"  # noqa: S105 - the setting's name, not its value
WEBHOOK_SECRET = "STRIPE_WEBHOOK_SECRET"  # noqa: S105
PRICE_PRO_MONTHLY = "STRIPE_PRICE_PRO_MONTHLY"
PRICE_EXTRA_CREDIT = "STRIPE_PRICE_EXTRA_CREDIT"
PUBLIC_URL = "PINGPOINT_PUBLIC_URL"
API_BASE = "STRIPE_API_BASE"
DATABASE_URL = "DATABASE_URL"
MAX_CREDITS = "BILLING_MAX_CREDITS"

# Where a value can come from; the launcher names further places in ``Settings.using``.
ENVIRONMENT = "environment"
DEFAULT = "default"

_NAMES = {
    "secret_key": SECRET_KEY,
    "webhook_secrets": WEBHOOK_SECRET,
    "price_pro_monthly": PRICE_PRO_MONTHLY,
    "price_extra_credit": PRICE_EXTRA_CREDIT,
    "public_url": PUBLIC_URL,
    "api_base": API_BASE,
    "database_url": DATABASE_URL,
    "max_credits": MAX_CREDITS,
}


def _setting(name: str) -> Any:
    return Field(default=None, validation_alias=AliasChoices(name))


class _Raw(BaseSettings):
    """The values as written: the environment first, then the secrets file."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    secret_key: SecretStr | None = _setting(SECRET_KEY)
    webhook_secrets: SecretStr | None = _setting(WEBHOOK_SECRET)
    price_pro_monthly: str | None = _setting(PRICE_PRO_MONTHLY)
    price_extra_credit: str | None = _setting(PRICE_EXTRA_CREDIT)
    public_url: str | None = _setting(PUBLIC_URL)
    api_base: str | None = _setting(API_BASE)
    database_url: SecretStr | None = _setting(DATABASE_URL)
    max_credits: str | None = _setting(MAX_CREDITS)

    @field_validator("*", mode="before")
    @classmethod
    def _stripped(cls, value: object) -> str | None:
        return None if value is None else (str(value).strip() or None)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, SECRETS_FILE)


class _RawEnvironment(_Raw):
    """The environment alone, for when the secrets file cannot be read."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings


@dataclass(frozen=True)
class Settings:
    """The validated settings. A value that is None is unset, or has an entry in ``problems``.

    ``sources`` tells by a setting's name where its value came from; see ``source``.
    """

    secret_key: SecretStr | None = None
    webhook_secrets: tuple[SecretStr, ...] = ()
    price_pro_monthly: str | None = None
    price_extra_credit: str | None = None
    public_url: str | None = None
    api_base: str | None = None
    database_url: SecretStr | None = None
    max_credits: int = DEFAULT_MAX_CREDITS
    problems: dict[str, NotConfigured] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls) -> Settings:
        """Read and check every setting. Never raises for a bad value: see ``problems``."""
        problems: dict[str, NotConfigured] = {}
        try:
            raw = _Raw()
        except ValueError:  # the file is no TOML; its text may hold a secret, so it is not quoted
            problems[str(SECRETS_FILE)] = NotConfigured(
                str(SECRETS_FILE),
                f"{SECRETS_FILE} is not valid TOML, so nothing in it was read.",
                'Write each setting as NAME = "value", one a line.',
            )
            raw = _RawEnvironment()
        in_environment = EnvSettingsSource(_Raw)()
        sources = {
            name: ENVIRONMENT if name in in_environment else str(SECRETS_FILE)
            for attribute, name in _NAMES.items()
            if getattr(raw, attribute) is not None
        }

        def checked(name: str, value: Any, check: Any, default: Any = None) -> Any:
            if value is None:
                return default
            try:
                return check(name, value)
            except NotConfigured as problem:
                problems[name] = problem
                return default

        return cls(
            secret_key=checked(SECRET_KEY, raw.secret_key, _secret_key),
            webhook_secrets=checked(WEBHOOK_SECRET, raw.webhook_secrets, _webhook_secrets, ()),
            price_pro_monthly=checked(PRICE_PRO_MONTHLY, raw.price_pro_monthly, _price_id),
            price_extra_credit=checked(PRICE_EXTRA_CREDIT, raw.price_extra_credit, _price_id),
            public_url=checked(PUBLIC_URL, raw.public_url, _base_url),
            api_base=checked(API_BASE, raw.api_base, _base_url_with_path),
            database_url=raw.database_url,
            max_credits=checked(MAX_CREDITS, raw.max_credits, _max_credits, cls.max_credits),
            problems=problems,
            sources=sources,
        )

    def using(self, *, source: str = DEFAULT, **values: Any) -> Settings:
        """These settings with the given values where nothing was set (and nothing is wrong).

        ``source`` is what people call the place that the values come from.
        """
        unset = {
            attribute: value
            for attribute, value in values.items()
            if not getattr(self, attribute)
            # A value that is wrong is not papered over, but for the address that a key comes with.
            and (attribute == "api_base" or _NAMES[attribute] not in self.problems)
        }
        sources = self.sources | {_NAMES[attribute]: source for attribute in unset}
        return replace(self, **unset, sources=sources)

    def source(self, name: str) -> str:
        """Where the value of the setting ``name`` came from: ``environment``, …, ``default``."""
        return self.sources.get(name, DEFAULT)

    def is_given(self, name: str) -> bool:
        """Somebody set ``name``, rightly or wrongly, in the environment or the secrets file."""
        return self.source(name) in (ENVIRONMENT, str(SECRETS_FILE))

    @property
    def stripe_is_configured(self) -> bool:
        """A test key is set and usable."""
        return self.secret_key is not None

    @property
    def wants_sandbox(self) -> bool:
        """No key is set at all, so the embedded local sandbox is used."""
        return self.secret_key is None and SECRET_KEY not in self.problems

    def require(self, name: str, value: Any) -> Any:
        """``value``, or the ``NotConfigured`` that says why there is none."""
        if value:
            return value
        raise self.problems.get(name) or NotConfigured(
            name, f"{name} is not set.", f"Set {name} in the environment or {SECRETS_FILE}."
        )


def _secret_key(name: str, value: SecretStr) -> SecretStr:
    key = value.get_secret_value()
    if re.fullmatch(r"(sk|rk)_test_\S+", key):
        return value
    if key.startswith(("sk_live_", "rk_live_")):
        raise NotConfigured(
            name,
            f"{name} holds a live key. This dashboard is for testing only and refuses live keys.",
            "Use a test key (sk_test_… or rk_test_…) from a Stripe sandbox, and roll the live "
            "key if it was shared.",
        )
    kind = (
        "a publishable key"
        if key.startswith("pk_")
        else "a webhook signing secret"
        if key.startswith("whsec_")
        else "no Stripe key"
    )
    raise NotConfigured(
        name, f"{name} holds {kind}.", "Set it to a secret test key: sk_test_… or rk_test_…"
    )


def _webhook_secrets(name: str, value: SecretStr) -> tuple[SecretStr, ...]:
    secrets = [part.strip() for part in value.get_secret_value().split(",") if part.strip()]
    for secret in secrets:
        if not re.fullmatch(r"whsec_\S+", secret):
            held = (
                "an API key"
                if secret.startswith(("sk_", "rk_", "pk_"))
                else "a webhook endpoint's id"
                if secret.startswith("we_")
                else "a value"
            )
            raise NotConfigured(
                name,
                f"{name} holds {held} where a signing secret belongs.",
                "Copy the endpoint's signing secret (whsec_…) from the Dashboard, or from "
                "`stripe listen`; separate several with commas.",
            )
    return tuple(SecretStr(secret) for secret in secrets)


def _price_id(name: str, value: str) -> str:
    if value.startswith("prod_"):
        raise NotConfigured(
            name,
            f"{name} holds a Product id (prod_…) where a Price id belongs.",
            "Open the product in the Stripe Dashboard and copy the id of its Price (price_…).",
        )
    if not re.fullmatch(r"price_\w+", value):
        raise NotConfigured(
            name, f"{name} is not a Price id.", "Set it to an id that begins with price_."
        )
    return value


def _base_url_with_path(name: str, value: str) -> str:
    parts = urlsplit(value)
    try:
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or parts.username or re.search(r"\s", value):
        raise NotConfigured(
            name, f"{name} is not a base URL.", "Write it like http://localhost:8501"
        )
    return value.rstrip("/")


def _base_url(name: str, value: str) -> str:
    url = _base_url_with_path(name, value)
    if urlsplit(url).path:
        raise NotConfigured(
            name,
            f"{name} has a path; it is the base URL of this app.",
            "Leave only scheme, host and port, like https://billing.example.com",
        )
    return url


def _max_credits(name: str, value: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,5}", value):
        raise NotConfigured(
            name, f"{name} is not a whole number from 1 to 999999.", "Write it like 1000."
        )
    return int(value)
