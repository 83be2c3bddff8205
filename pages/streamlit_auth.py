"""Hands the settings for OIDC over to Streamlit, whose ``st.login`` reads them as secrets."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from streamlit import config

from billing.access.mode import AccessMode, access_mode

if TYPE_CHECKING:
    from billing.settings.model import Settings

REDIRECT_PATH = "/app/oauth2callback"
MISSING_LIBRARY = (
    "To sign in by OIDC, Authlib must be installed. Run pip install -r requirements-team.txt"
)


def missing_library(settings: Settings) -> str | None:
    """What to install for the sign-in that is set; None when nothing is missing."""
    is_missing = access_mode(settings) is AccessMode.OIDC and not find_spec("authlib")
    return MISSING_LIBRARY if is_missing else None


def auth_secrets(settings: Settings, base_url: str) -> dict[str, Any]:
    """The section ``[auth]`` for ``st.App(secrets=…)``, in place of one in a secrets file; empty
    where nobody signs in by OIDC. ``base_url`` may hold ``{port}``, which Streamlit fills in."""
    if settings.cookie_secret:  # one for all processes; Streamlit makes up one for each
        config.set_option("server.cookieSecret", settings.cookie_secret.get_secret_value())
    if access_mode(settings) is not AccessMode.OIDC:
        return {}
    secrets = (settings.cookie_secret, settings.oidc_client_secret)
    cookie_secret, client_secret = (one.get_secret_value() if one else "" for one in secrets)
    return {
        "auth": {
            "redirect_uri": base_url + REDIRECT_PATH,
            "cookie_secret": cookie_secret,
            "client_id": settings.oidc_client_id or "",
            "client_secret": client_secret,
            "server_metadata_url": settings.oidc_metadata_url or "",
        }
    }
