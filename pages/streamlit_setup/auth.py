"""Hands the settings for OIDC over to Streamlit, whose ``st.login`` reads them as secrets."""

from __future__ import annotations

import logging
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from streamlit import config
from streamlit.runtime.secrets import secrets_singleton

from billing.access.mode import AccessMode, access_mode
from billing.access.oidc.routes import CALLBACK
from billing.http.guards.listening import is_loopback
from billing.settings.model import (
    COOKIE_SECRET,
    OIDC_CLIENT_ID,
    OIDC_CLIENT_SECRET,
    OIDC_METADATA_URL,
    PUBLIC_URL,
)

if TYPE_CHECKING:
    from billing.settings.model import Settings

log = logging.getLogger(__name__)


def refusal(settings: Settings, address: str | None) -> str | None:
    """Why a server that listens on ``address`` must not start with the sign-in that is set; None
    when it may."""
    if access_mode(settings) is not AccessMode.OIDC:
        return None
    if not find_spec("authlib"):
        return (
            "The dashboard does not start: people sign in by OIDC, and Authlib is not installed. "
            "Run pip install -r requirements-team.txt"
        )
    if not settings.public_url and not is_loopback(address):
        return (
            "The dashboard does not start: people sign in by OIDC, and come back to the public "
            f"URL. Set {PUBLIC_URL} to the address at which they open the dashboard."
        )
    return None


def share_cookie_secret(settings: Settings) -> None:
    """Sign all of Streamlit's cookies with the one that is set, the same in every process; unset,
    each process makes up its own."""
    if settings.cookie_secret:
        config.set_option("server.cookieSecret", settings.cookie_secret.get_secret_value())


def warn_of_unread_section(settings: Settings) -> None:
    """Log it when a secrets file has a section ``[auth]``, which Streamlit alone would read."""
    if access_mode(settings) is AccessMode.OIDC or not secrets_singleton.load_if_toml_exists():
        return
    if "auth" in secrets_singleton:
        names = ", ".join((OIDC_METADATA_URL, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, COOKIE_SECRET))
        log.warning("The section [auth] of the secrets file signs nobody in. Set %s", names)


def auth_secrets(settings: Settings, base_url: str) -> dict[str, Any]:
    """The section ``[auth]`` for ``st.App(secrets=…)``, in place of one in a secrets file; empty
    where nobody signs in by OIDC. ``base_url`` counts where no public URL is set; it may hold
    ``{port}``, which Streamlit fills in."""
    if access_mode(settings) is not AccessMode.OIDC:
        return {}
    secrets = (settings.cookie_secret, settings.oidc_client_secret)
    cookie_secret, client_secret = (one.get_secret_value() if one else "" for one in secrets)
    return {
        "auth": {
            "redirect_uri": (settings.public_url or base_url) + CALLBACK,
            "cookie_secret": cookie_secret,
            "client_id": settings.oidc_client_id or "",
            "client_secret": client_secret,
            "server_metadata_url": settings.oidc_metadata_url or "",
        }
    }
