"""What the settings are, and what to do for one that is missing.

One missing or malformed value never stops the app: it becomes a ``NotConfigured`` that names the
setting and what to do, and is raised only by the parts that need the value.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_origin, get_type_hints

from pydantic import SecretStr

from billing.domain.access import Role
from billing.errors import NotConfigured
from billing.settings import access_validation, validation

if TYPE_CHECKING:
    from collections.abc import Callable

SECRETS_FILE = Path(".streamlit/secrets.toml")
DEFAULT_DATABASE_URL = SecretStr("sqlite:///.data/billing.sqlite3")
STRIPE_API_BASE = "https://api.stripe.com"

SECRET_KEY = "STRIPE_SECRET_KEY"  # noqa: S105 - the setting's name, not its value
WEBHOOK_SECRET = "STRIPE_WEBHOOK_SECRET"  # noqa: S105
PRICE_PRO_MONTHLY = "STRIPE_PRICE_PRO_MONTHLY"
PRICE_EXTRA_CREDIT = "STRIPE_PRICE_EXTRA_CREDIT"
PUBLIC_URL = "PINGPOINT_PUBLIC_URL"
API_BASE = "STRIPE_API_BASE"
DATABASE_URL = "DATABASE_URL"
MAX_CREDITS = "BILLING_MAX_CREDITS"
EVENT_DAYS = "BILLING_EVENT_DAYS"
REQUEST_LOG_SIZE = "BILLING_REQUEST_LOG_SIZE"
LOG_FORMAT = "BILLING_LOG_FORMAT"
SANDBOX_WEBHOOK_RETRIES = "SANDBOX_WEBHOOK_RETRIES"
ALLOWED_HOSTS = "BILLING_ALLOWED_HOSTS"
USER_HEADER = "BILLING_USER_HEADER"
PRODUCT_NAME = "BILLING_PRODUCT_NAME"
TRUSTED_PROXIES = "BILLING_TRUSTED_PROXIES"
OIDC_METADATA_URL = "BILLING_OIDC_METADATA_URL"
OIDC_CLIENT_ID = "BILLING_OIDC_CLIENT_ID"
OIDC_CLIENT_SECRET = "BILLING_OIDC_CLIENT_SECRET"  # noqa: S105
COOKIE_SECRET = "BILLING_COOKIE_SECRET"  # noqa: S105
ADMINS = "BILLING_ADMINS"
TESTERS = "BILLING_TESTERS"
VIEWERS = "BILLING_VIEWERS"
ALLOW_ANONYMOUS = "BILLING_ALLOW_ANONYMOUS"

# Where a value can come from; the launcher names further places in ``with_defaults``.
ENVIRONMENT = "environment"
DEFAULT = "default"
LOCAL_SANDBOX = "local sandbox"


@dataclass(frozen=True)
class Setting:
    """How one setting is read: its name in the environment, and ``parse``, which takes the name
    and the text and returns the value or raises the ``NotConfigured`` that says what is wrong."""

    name: str
    parse: Callable[[str, str], Any]


@dataclass(frozen=True)
class Settings:
    """The validated settings: each is declared here, once. A value that is None is unset, or has
    an entry in ``problems``.

    ``problems`` and ``sources`` go by a setting's name; see ``source`` for what the latter holds.
    """

    secret_key: Annotated[SecretStr | None, Setting(SECRET_KEY, validation.secret_key)] = None
    webhook_secrets: Annotated[
        tuple[SecretStr, ...], Setting(WEBHOOK_SECRET, validation.webhook_secrets)
    ] = ()
    price_pro_monthly: Annotated[str | None, Setting(PRICE_PRO_MONTHLY, validation.price_id)] = None
    price_extra_credit: Annotated[str | None, Setting(PRICE_EXTRA_CREDIT, validation.price_id)] = (
        None
    )
    public_url: Annotated[str | None, Setting(PUBLIC_URL, validation.base_url)] = None
    api_base: Annotated[str | None, Setting(API_BASE, validation.api_base)] = None
    database_url: Annotated[SecretStr | None, Setting(DATABASE_URL, validation.database_url)] = None
    max_credits: Annotated[int, Setting(MAX_CREDITS, validation.max_credits)] = 1_000
    event_days: Annotated[int, Setting(EVENT_DAYS, validation.days)] = 30
    request_log_size: Annotated[int, Setting(REQUEST_LOG_SIZE, validation.request_log_size)] = (
        20_000
    )
    log_format: Annotated[str, Setting(LOG_FORMAT, validation.log_format)] = "text"
    sandbox_webhook_retries: Annotated[
        str, Setting(SANDBOX_WEBHOOK_RETRIES, validation.webhook_retries)
    ] = "quick"
    allowed_hosts: Annotated[tuple[str, ...], Setting(ALLOWED_HOSTS, validation.host_names)] = ()
    user_header: Annotated[str | None, Setting(USER_HEADER, access_validation.header_name)] = None
    product_name: Annotated[str, Setting(PRODUCT_NAME, validation.product_name)] = "PingPoint"
    trusted_proxies: Annotated[
        tuple[access_validation.Network, ...], Setting(TRUSTED_PROXIES, access_validation.networks)
    ] = ()
    oidc_metadata_url: Annotated[
        str | None, Setting(OIDC_METADATA_URL, access_validation.metadata_url)
    ] = None
    oidc_client_id: Annotated[str | None, Setting(OIDC_CLIENT_ID, access_validation.one_word)] = (
        None
    )
    oidc_client_secret: Annotated[
        SecretStr | None, Setting(OIDC_CLIENT_SECRET, access_validation.secret)
    ] = None
    cookie_secret: Annotated[
        SecretStr | None, Setting(COOKIE_SECRET, access_validation.cookie_secret)
    ] = None
    admins: Annotated[tuple[str, ...], Setting(ADMINS, access_validation.members)] = ()
    testers: Annotated[tuple[str, ...], Setting(TESTERS, access_validation.members)] = ()
    viewers: Annotated[tuple[str, ...], Setting(VIEWERS, access_validation.members)] = ()
    allow_anonymous: Annotated[
        Role | None, Setting(ALLOW_ANONYMOUS, access_validation.role_of_anonymous)
    ] = None
    problems: dict[str, NotConfigured] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)

    def with_defaults(self, *, source: str = DEFAULT, **values: Any) -> Settings:
        """These settings with the given values where nothing was set (and nothing is wrong).

        ``source`` is what people call the place that the values come from.
        """
        unset = {
            attribute: value
            for attribute, value in values.items()
            if not getattr(self, attribute)
            # A value that is wrong is not papered over, but for the address that a key comes with.
            and (attribute == "api_base" or SETTINGS[attribute].name not in self.problems)
        }
        sources = self.sources | {SETTINGS[attribute].name: source for attribute in unset}
        return replace(self, **unset, sources=sources)

    def source(self, name: str) -> str:
        """Where the value of the setting ``name`` came from: ``environment``, …, ``default``."""
        return self.sources.get(name, DEFAULT)

    @property
    def is_embedded(self) -> bool:
        """The Stripe at the other end is the embedded local sandbox."""
        return self.source(SECRET_KEY) == LOCAL_SANDBOX

    def is_given(self, name: str) -> bool:
        """Somebody set ``name``, rightly or wrongly, in the environment or the secrets file."""
        return self.source(name) in (ENVIRONMENT, str(SECRETS_FILE))

    def changed_since(self, earlier: Settings) -> list[str]:
        """The names of the settings that are written otherwise here than in ``earlier``."""

        def as_given(settings: Settings, attribute: str, name: str) -> tuple[Any, ...]:
            value = getattr(settings, attribute) if settings.is_given(name) else None
            return settings.is_given(name), value, str(settings.problems.get(name))

        return [
            setting.name
            for attribute, setting in SETTINGS.items()
            if as_given(self, attribute, setting.name) != as_given(earlier, attribute, setting.name)
        ]

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


# Every setting, by the attribute of ``Settings`` that holds its value.
SETTINGS: dict[str, Setting] = {
    attribute: hint.__metadata__[0]
    for attribute, hint in get_type_hints(Settings, include_extras=True).items()
    if get_origin(hint) is Annotated
}
