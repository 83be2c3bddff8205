"""The settings for OIDC as Streamlit's own functions read them, and starts that are refused."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

import pytest
from streamlit import auth_util, config
from streamlit.runtime.secrets import Secrets
from streamlit.web.server import server_util

from billing.settings.loading import load_settings
from pages.streamlit_setup import auth as streamlit_auth
from pages.streamlit_setup.auth import (
    auth_secrets,
    refusal,
    share_cookie_secret,
    warn_of_unread_section,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from billing.settings.model import Settings

COOKIE_SECRET = "c" * 32
OIDC = {
    "BILLING_OIDC_METADATA_URL": "https://id.example.com/.well-known/openid-configuration",
    "BILLING_OIDC_CLIENT_ID": "billing",
    "BILLING_OIDC_CLIENT_SECRET": "client-secret",
    "BILLING_COOKIE_SECRET": COOKIE_SECRET,
}
PUBLIC = {"PINGPOINT_PUBLIC_URL": "https://billing.example.com"}


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Secrets:
    """Streamlit's secrets, of which no file is there."""
    found = Secrets()
    for module in (auth_util, server_util, streamlit_auth):
        monkeypatch.setattr(module, "secrets_singleton", found)
    return found


@pytest.fixture
def options() -> Iterator[None]:
    """Streamlit's options, which are put back."""
    before = config.get_option("server.cookieSecret")
    yield
    config.set_option("server.cookieSecret", before)


def given(secrets: Secrets, settings: Settings) -> dict[str, Any]:
    """What ``st.App`` makes of the secrets."""
    found = auth_secrets(settings, "http://localhost:{port}")
    secrets.merge_programmatic_secrets(found)
    return found


def test_streamlit_finds_a_provider_to_sign_in_at(secrets: Secrets) -> None:
    given(secrets, load_settings(OIDC | PUBLIC))
    auth_util.validate_auth_credentials("default")
    section = auth_util.get_secrets_auth_section()
    assert auth_util.get_redirect_uri(section) == "https://billing.example.com/app/oauth2callback"
    assert auth_util.get_origin_from_redirect_uri() == "https://billing.example.com"
    assert server_util.get_cookie_secret() == COOKIE_SECRET


def test_without_a_public_url_one_comes_back_to_this_machine_at_the_bound_port(
    secrets: Secrets,
) -> None:
    given(secrets, load_settings(OIDC))
    address = f"http://localhost:{config.get_option('server.port')}/app/oauth2callback"
    assert auth_util.get_redirect_uri(auth_util.get_secrets_auth_section()) == address


def test_nothing_is_handed_over_where_nobody_signs_in_by_oidc() -> None:
    assert auth_secrets(load_settings({}), "") == {}
    assert auth_secrets(load_settings(OIDC | {"BILLING_OIDC_CLIENT_ID": ""}), "") == {}


@pytest.mark.usefixtures("options")
def test_every_process_signs_with_the_secret_that_is_set() -> None:
    share_cookie_secret(load_settings({"BILLING_COOKIE_SECRET": COOKIE_SECRET}))
    assert config.get_option("server.cookieSecret") == COOKIE_SECRET
    share_cookie_secret(load_settings({}))
    assert config.get_option("server.cookieSecret") == COOKIE_SECRET


def test_a_server_starts_with_what_it_needs() -> None:
    assert refusal(load_settings({}), None) is None
    assert refusal(load_settings(OIDC), "localhost") is None
    assert refusal(load_settings(OIDC | PUBLIC), "0.0.0.0") is None  # noqa: S104


def test_without_authlib_the_start_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "authlib", None)
    assert "requirements-team.txt" in str(refusal(load_settings(OIDC), "localhost"))
    assert refusal(load_settings({}), "localhost") is None


@pytest.mark.parametrize("address", [None, "0.0.0.0", "192.0.2.1"])  # noqa: S104
def test_beyond_this_machine_people_need_an_address_to_come_back_to(address: str | None) -> None:
    assert "PINGPOINT_PUBLIC_URL" in str(refusal(load_settings(OIDC), address))


def test_a_section_of_a_secrets_file_that_is_not_read_is_named_in_the_log(
    secrets: Secrets, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        warn_of_unread_section(load_settings({}))
        assert caplog.text == ""
        secrets.merge_programmatic_secrets({"auth": {"client_secret": "hidden"}})
        warn_of_unread_section(load_settings(OIDC))
        assert caplog.text == ""
        warn_of_unread_section(load_settings({}))
    assert "BILLING_OIDC_METADATA_URL" in caplog.text
    assert "hidden" not in caplog.text
