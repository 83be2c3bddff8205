from __future__ import annotations

from dataclasses import replace

import pytest

from billing.endpoints.urls import check_url, local_url, own_urls
from billing.errors import InvalidInput
from billing.settings.model import LOCAL_SANDBOX, SECRET_KEY, STRIPE_API_BASE
from tests.support.servers.settings import settings_for

STRIPE = settings_for(STRIPE_API_BASE, "sqlite://")
SANDBOX = replace(
    settings_for("http://127.0.0.1:8501/sandbox", "sqlite://"), sources={SECRET_KEY: LOCAL_SANDBOX}
)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "Write the endpoint's URL"),
        ("example.com/webhook", "https://example.com/webhook"),
        ("ftp://example.com/webhook", "does not deliver to ftp://"),
        ("https://", "not a valid URL"),
        ("https://example.com:port/", "not a valid URL"),
        ("https://example.com:0/", "not a valid URL"),
        ("https://example.com/a b", "not a valid URL"),
        ("https://example.com/" + "a" * 2_000, "not a valid URL"),
        ("https://ann:secret@example.com/", "user name or a password"),
        ("http://localhost:4242/webhook", "stripe listen --forward-to localhost:4242/webhook"),
        ("https://192.168.1.7/webhook", "not on the internet"),
    ],
)
def test_a_url_that_stripe_would_not_deliver_to_is_refused_with_the_mend(
    url: str, said: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_url(url, STRIPE)
    assert said in f"{refused.value.message} {refused.value.next_step}"
    assert "secret" not in refused.value.message


@pytest.mark.parametrize("url", ["https://example.com/webhook", "http://example.com:8080"])
def test_public_urls_are_taken_in_test_mode_with_http_as_well(url: str) -> None:
    check_url(url, STRIPE)


def test_the_sandbox_delivers_on_this_machine() -> None:
    check_url(local_url(4242, "webhook"), SANDBOX)
    assert local_url(4242, " /webhook ") == "http://127.0.0.1:4242/webhook"
    with pytest.raises(InvalidInput, match="port from 1 to 65535"):
        local_url(0, "")


def test_beside_the_sandbox_this_app_has_the_address_that_the_sandbox_is_served_at() -> None:
    path = "/api/billing/stripe/webhook"
    public = f"http://localhost:8501{path}"
    assert own_urls(STRIPE) == [public]
    assert own_urls(SANDBOX) == [public, f"http://127.0.0.1:8501{path}"]
