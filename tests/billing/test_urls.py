from __future__ import annotations

import pytest

from billing.domain.sessions.checkout_session import CheckoutSession
from billing.urls import web_url
from tests.support.stripe_account import session_object


@pytest.mark.parametrize(
    "url",
    [
        "https://checkout.stripe.com/c/pay/cs_test_1#fid%2F",
        "http://[::1]:8501/x",
        "HTTP://x.example",
    ],
)
def test_a_website_may_be_linked_to(url: str) -> None:
    assert web_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        *("", "javascript:alert(1)", "data:text/html,x", "//x.example", "/path", "https://"),
        *("https://[", "https://x:port", "java\nscript:x", "https://x example", "https://x\\y"),
        *(" https://x.example", None, 5, ["https://x.example"], "file:///etc/passwd"),
    ],
)
def test_anything_else_is_no_link(url: object) -> None:
    assert web_url(url) is None


def test_a_session_whose_url_is_no_website_has_none() -> None:
    session = session_object(1, "credits", 1, 1_780_000_000) | {"url": "javascript:alert(1)"}
    assert CheckoutSession.from_stripe(session).url is None
