"""Whether a server starts, and whom it serves, by where it listens and how people sign in."""

from __future__ import annotations

from pathlib import Path

import pytest

from billing.access.listening import refusal_of, start_refusal
from billing.settings.loading import load_settings

EVERYWHERE = "0.0.0.0"  # noqa: S104 - nothing is bound
SECRET = "a-secret-that-nobody-may-read-anywhere"
OIDC = {
    "BILLING_OIDC_METADATA_URL": "https://id.example.com/.well-known/openid-configuration",
    "BILLING_OIDC_CLIENT_ID": "dashboard",
    "BILLING_OIDC_CLIENT_SECRET": SECRET,
    "BILLING_COOKIE_SECRET": SECRET,
}
USABLE: dict[str, dict[str, str]] = {
    "OIDC": OIDC,
    "a proxy": {"BILLING_USER_HEADER": "X-Email", "BILLING_TRUSTED_PROXIES": "10.0.0.0/8"},
    "a proxy on this machine": {"BILLING_USER_HEADER": "X-Email"},
    "testers": {"BILLING_ALLOW_ANONYMOUS": "1"},
    "admins": {"BILLING_ALLOW_ANONYMOUS": "admin"},
}


@pytest.fixture(autouse=True)
def no_secrets_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("address", [None, "", EVERYWHERE, "::", "192.0.2.7"])
@pytest.mark.parametrize("settings", USABLE.values(), ids=USABLE)
def test_a_server_whose_sign_in_is_set_starts_and_serves_everybody(
    settings: dict[str, str], address: str | None
) -> None:
    assert start_refusal(load_settings(settings), address) is None
    assert refusal_of(load_settings(settings), address) is None


@pytest.mark.parametrize("address", [None, "", EVERYWHERE, "::", "192.0.2.7"])
def test_without_it_a_server_that_others_reach_does_not_start_and_names_the_ways(
    address: str | None,
) -> None:
    reason = start_refusal(load_settings({"PINGPOINT_PUBLIC_URL": "https://x.test"}), address)
    assert reason is not None
    for name in (*OIDC, "BILLING_USER_HEADER", "BILLING_TRUSTED_PROXIES"):
        assert name in reason
    assert "BILLING_ALLOW_ANONYMOUS=1" in reason
    assert (address or "every address") in reason


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        *((OIDC | {name: ""}, f"{name} must be set too") for name in OIDC),
        (OIDC | {"BILLING_COOKIE_SECRET": "short"}, "BILLING_COOKIE_SECRET is shorter than"),
        (OIDC | {"BILLING_OIDC_METADATA_URL": "x"}, "BILLING_OIDC_METADATA_URL is not"),
        (OIDC | {"BILLING_USER_HEADER": "X-Email"}, "are both set"),
        ({"BILLING_USER_HEADER": "X-Email, X-User"}, "BILLING_USER_HEADER is not the name"),
        (USABLE["a proxy"] | {"BILLING_TRUSTED_PROXIES": "10.0.0.0/33"}, "BILLING_TRUSTED_PROXIES"),
        ({"BILLING_ALLOW_ANONYMOUS": "perhaps"}, "BILLING_ALLOW_ANONYMOUS is neither"),
    ],
)
def test_a_sign_in_that_is_incomplete_or_wrong_counts_as_none_and_is_named(
    settings: dict[str, str], named: str
) -> None:
    reason = start_refusal(load_settings(settings), EVERYWHERE)
    assert reason is not None
    assert named in reason
    assert SECRET not in reason
    assert refusal_of(load_settings(settings), "localhost") is not None


def test_settings_in_a_file_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    file = tmp_path / ".streamlit/secrets.toml"
    file.parent.mkdir()
    file.write_text(f'BILLING_COOKIE_SECRET = "{SECRET}')
    reason = start_refusal(load_settings({}), EVERYWHERE)
    assert reason is not None
    assert ".streamlit/secrets.toml is not valid TOML" in reason
    assert SECRET not in reason


@pytest.mark.parametrize("settings", [{}, {"PINGPOINT_PUBLIC_URL": "https://x.test"}])
def test_on_this_machine_it_starts_and_serves_this_machine(settings: dict[str, str]) -> None:
    assert start_refusal(load_settings(settings), "localhost") is None
    refusal = refusal_of(load_settings(settings), "localhost")
    assert refusal is not None
    assert refusal({"headers": [(b"host", b"localhost:8501")]}) is None
    refused = refusal({"headers": [(b"host", b"x.test")]})
    assert refused is not None
    assert "x.test" in refused.reason
    assert "BILLING_ALLOW_ANONYMOUS=1" in refused.as_text()
