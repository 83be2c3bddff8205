"""Where the settings are written: the environment, then ``.streamlit/secrets.toml``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from billing import setting_values
from billing.errors import NotConfigured
from billing.settings import (
    ALLOWED_HOSTS,
    API_BASE,
    DATABASE_URL,
    ENVIRONMENT,
    MAX_CREDITS,
    NAMES,
    PRICE_EXTRA_CREDIT,
    PRICE_PRO_MONTHLY,
    PUBLIC_URL,
    SECRET_KEY,
    SECRETS_FILE,
    USER_HEADER,
    WEBHOOK_SECRET,
    Settings,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    SECRET_KEY: setting_values.secret_key,
    WEBHOOK_SECRET: setting_values.webhook_secrets,
    PRICE_PRO_MONTHLY: setting_values.price_id,
    PRICE_EXTRA_CREDIT: setting_values.price_id,
    PUBLIC_URL: setting_values.base_url,
    API_BASE: setting_values.base_url_with_path,
    DATABASE_URL: setting_values.database_url,
    MAX_CREDITS: setting_values.max_credits,
    ALLOWED_HOSTS: setting_values.host_names,
    USER_HEADER: setting_values.header_name,
}


def load_settings() -> Settings:
    """Read and check every setting. Never raises for a bad value: see ``Settings.problems``."""
    values: dict[str, Any] = {}
    problems: dict[str, NotConfigured] = {}
    sources: dict[str, str] = {}
    try:
        written = _Written()
    except ValueError:  # the file is no TOML; its text may hold a secret, so it is not quoted
        problems[str(SECRETS_FILE)] = NotConfigured(
            str(SECRETS_FILE),
            f"{SECRETS_FILE} is not valid TOML, so nothing in it was read.",
            'Write each setting as NAME = "value", one a line.',
        )
        written = _WrittenInEnvironment()
    in_environment = EnvSettingsSource(_Written)()
    for attribute, name in NAMES.items():
        value = getattr(written, attribute)
        if value is None:
            continue
        sources[name] = ENVIRONMENT if name in in_environment else str(SECRETS_FILE)
        try:
            values[attribute] = _CHECKS[name](name, value)
        except NotConfigured as problem:
            problems[name] = problem
    return Settings(**values, problems=problems, sources=sources)


def _setting(name: str) -> Any:
    return Field(default=None, validation_alias=AliasChoices(name))


class _Written(BaseSettings):
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
    allowed_hosts: str | None = _setting(ALLOWED_HOSTS)
    user_header: str | None = _setting(USER_HEADER)

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


class _WrittenInEnvironment(_Written):
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
