"""The routes that make Checkout Sessions: for programs, people and other sites."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import requests
import stripe

from tests.support.servers.billing_server import billing_server
from tests.support.servers.settings import working_settings
from tests.support.stripe_account import REQUEST_ID, SILENT, StripeAccount, always

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.shop import Shop


CHECKOUT = "/api/billing/checkout"
CREDITS = "/api/billing/extra-credits"
ANSWERS_WITHIN = 60.0


def sessions(shop: Shop) -> list[stripe.checkout.Session]:
    return shop.stripe.v1.checkout.sessions.list({"limit": 100}).data


def test_post_checkout_makes_one_subscription_session_of_the_pro_plan(shop: Shop) -> None:
    answer = requests.post(f"{shop.url}{CHECKOUT}", timeout=ANSWERS_WITHIN)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()) == {"url", "id"}
    (made,) = sessions(shop)
    assert (made.id, made.url) == (answer.json()["id"], answer.json()["url"])
    assert made.mode == "subscription"
    assert made.amount_total == 9900
    assert made.success_url is not None
    assert made.success_url.endswith("/app/billing?success=1&session_id={CHECKOUT_SESSION_ID}")
    assert made.cancel_url is not None
    assert made.cancel_url.endswith(f"/app/billing?canceled=1&reference={made.client_reference_id}")
    assert made.metadata is not None
    assert made.metadata.to_dict() == {
        "app": "billing-dashboard",
        "kind": "pro",
        "quantity": "1",
        "made_by": "api",
        "source": "api",
    }


def test_get_checkout_redirects_to_the_checkout_url(shop: Shop) -> None:
    answer = requests.get(f"{shop.url}{CHECKOUT}", allow_redirects=False, timeout=ANSWERS_WITHIN)
    assert answer.status_code == 303
    (made,) = sessions(shop)
    assert answer.headers["location"] == made.url
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("body", "quantity"),
    [(b'{"quantity": 5}', 5), (b"{}", 1), (b"", 1), (b'{"quantity": 1000, "x": 1}', 1000)],
)
def test_extra_credits_are_one_payment_of_the_quantity(
    shop: Shop, body: bytes, quantity: int
) -> None:
    answer = requests.post(f"{shop.url}{CREDITS}", data=body, timeout=ANSWERS_WITHIN)
    assert answer.status_code == 200
    (made,) = sessions(shop)
    assert made.id == answer.json()["id"]
    assert made.mode == "payment"
    assert made.amount_total == 99 * quantity


@pytest.mark.parametrize("path", [CHECKOUT, CREDITS])
def test_a_label_is_stored_in_the_metadata(shop: Shop, path: str) -> None:
    body = {"label": "  QA-1234\niOS "}
    answer = requests.post(f"{shop.url}{path}", json=body, timeout=ANSWERS_WITHIN)
    assert answer.status_code == 200
    (made,) = sessions(shop)
    assert made.metadata is not None
    assert made.metadata.to_dict()["label"] == "QA-1234 iOS"


@pytest.mark.parametrize("path", [CHECKOUT, CREDITS])
@pytest.mark.parametrize("label", ["x" * 101, 5, ["QA"], True])
def test_a_label_that_is_no_short_text_is_400_and_makes_no_session(
    shop: Shop, path: str, label: Any
) -> None:
    answer = requests.post(f"{shop.url}{path}", json={"label": label}, timeout=ANSWERS_WITHIN)
    assert answer.status_code == 400
    assert answer.json() == {"error": "label must be a text of at most 100 characters"}
    assert sessions(shop) == []


@pytest.mark.parametrize(
    "body",
    [b'{"quantity": %s}' % value for value in (b"0", b"-3", b"2.5", b'"5"', b"1000000000", b"null",
                                               b"true", b"1001", b"1e2", b"NaN", b"[1]")]
    + [b"not_json", b"[5]", b"5", b"null", b"\xff\xfe", b'{"quantity": 5', b"{" * 5000]
    + [b"[" * 30_000 + b"]" * 30_000, b'{"quantity": ' + b"[" * 900 + b"]" * 900 + b"}"],
)  # fmt: skip
def test_bad_input_is_400_with_the_reason_and_makes_no_session(shop: Shop, body: bytes) -> None:
    answer = requests.post(f"{shop.url}{CREDITS}", data=body, timeout=ANSWERS_WITHIN)
    assert answer.status_code == 400
    assert list(answer.json()) == ["error"]
    assert "quantity" in answer.json()["error"] or "JSON" in answer.json()["error"]
    assert sessions(shop) == []


def test_a_body_without_end_is_refused(shop: Shop) -> None:
    answer = requests.post(f"{shop.url}{CREDITS}", data=b" " * 100_000, timeout=ANSWERS_WITHIN)
    assert answer.status_code == 400
    assert "larger than" in answer.json()["error"]


def test_a_prefetch_and_a_head_request_make_no_session(shop: Shop) -> None:
    for headers in ({"Sec-Purpose": "prefetch;prerender"}, {"Purpose": "prefetch"}):
        answer = requests.get(f"{shop.url}{CHECKOUT}", headers=headers, timeout=ANSWERS_WITHIN)
        assert answer.status_code == 503
        assert "prefetch" in answer.json()["error"]
    assert requests.head(f"{shop.url}{CHECKOUT}", timeout=ANSWERS_WITHIN).status_code == 405
    assert sessions(shop) == []


@pytest.mark.parametrize("path", [CHECKOUT, CREDITS])
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"},
        {
            "Sec-Fetch-Site": "cross-site",
            "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Dest": "document",
        },
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_a_post_from_another_sites_page_is_refused(
    shop: Shop, path: str, headers: dict[str, str]
) -> None:
    answer = requests.post(f"{shop.url}{path}", headers=headers, timeout=ANSWERS_WITHIN)
    assert answer.status_code == 403
    assert "Pages of other sites" in answer.json()["error"]
    assert sessions(shop) == []


def test_a_post_from_our_own_page_is_taken(shop: Shop) -> None:
    own = {"Origin": shop.url, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}
    assert (
        requests.post(f"{shop.url}{CHECKOUT}", headers=own, timeout=ANSWERS_WITHIN).status_code
        == 200
    )


def test_the_link_may_be_followed_from_anywhere_but_not_loaded_as_a_picture(shop: Shop) -> None:
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Dest": "document"}  # fmt: skip
    picture = link | {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    frame = link | {"Sec-Fetch-Dest": "iframe"}
    statuses = [
        requests.get(
            f"{shop.url}{CHECKOUT}", headers=headers, allow_redirects=False, timeout=ANSWERS_WITHIN
        ).status_code
        for headers in (link, picture, frame)
    ]
    assert statuses == [303, 403, 403]
    assert len(sessions(shop)) == 1


SLACK = "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"
PERSON = (
    "Mozilla/5.0 (Linux; Android 14; CUBOT KINGKONG) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/143.0.0.0 Mobile Safari/537.36"
)
PREVIEWS: tuple[dict[str, str], ...] = (
    {"User-Agent": SLACK},
    {"User-Agent": "facebookexternalhit/1.1"},
    {"User-Agent": "Twitterbot/1.0"},
    {"User-Agent": "WhatsApp/2.24 A"},
    {"User-Agent": "TelegramBot (like TwitterBot)"},
    {"User-Agent": "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)"},
    {"User-Agent": "LinkedInBot/1.0 (compatible; Mozilla/5.0)"},
    {"User-Agent": "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5"},
    {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
    {"User-Agent": "Mozilla/5.0 AppleWebKit/537.36 (compatible; bingbot/2.0) Chrome/130.0"},
    {"User-Agent": "Mozilla/5.0 (compatible; Baiduspider/2.0)"},
    {"User-Agent": PERSON, "Origin": "https://app.slack.example"},
    {"Origin": "null"},
)


def test_a_link_preview_or_crawler_gets_a_page_that_says_where_the_link_leads(shop: Shop) -> None:
    for headers in PREVIEWS:
        answer = requests.get(
            f"{shop.url}{CHECKOUT}", headers=headers, allow_redirects=False, timeout=ANSWERS_WITHIN
        )
        assert answer.status_code == 200, headers
        assert answer.headers["content-type"].startswith("text/html")
        assert "Stripe Checkout" in answer.text
    assert sessions(shop) == []


def test_a_persons_browser_and_a_program_still_get_their_session(shop: Shop) -> None:
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Dest": "document"}  # fmt: skip
    asked: list[dict[str, str]] = [
        {"User-Agent": PERSON} | link,
        {"User-Agent": PERSON},
        {"User-Agent": "curl/8.5.0"},
        {"User-Agent": ""},
        {"Origin": shop.url},
    ]
    for headers in asked:
        answer = requests.get(
            f"{shop.url}{CHECKOUT}", headers=headers, allow_redirects=False, timeout=ANSWERS_WITHIN
        )
        assert answer.status_code == 303, headers
    assert len(sessions(shop)) == len(asked)


def test_a_client_that_leaves_before_its_body_is_whole_is_no_error(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    parts = urlsplit(shop.url)
    with socket.create_connection((parts.hostname, parts.port or 0)) as opened:
        head = f"POST {CREDITS} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: 9\r\n\r\n"
        opened.sendall(head.encode() + b"{")
    assert requests.get(f"{shop.url}/api/billing/health", timeout=ANSWERS_WITHIN).ok
    assert "Exception in ASGI application" not in caplog.text


@pytest.mark.parametrize(
    ("fault", "requests_made"),
    [
        ("missing", 1),
        ("unauthorized", 1),
        ("forbidden", 1),
        ("rate_limited", 1),
        ("failing", 3),
        ("not_json", 1),
    ],
)
def test_a_failing_stripe_is_500_with_its_request_id_and_the_log_tells_why(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    account: StripeAccount,
    fault: str,
    requests_made: int,
) -> None:
    account.faults = always(fault, retried=True)
    with billing_server(working_settings(tmp_path, account.url)) as server:
        answer = requests.post(f"{server.url}{CHECKOUT}", timeout=ANSWERS_WITHIN)
    assert answer.status_code == 500
    assert answer.json()["error"] == "Stripe checkout failed"
    if fault != "not_json":
        assert answer.json()["request_id"] == REQUEST_ID
        assert REQUEST_ID in caplog.text
    assert len(account.idempotency_keys) == requests_made
    assert len(set(account.idempotency_keys)) == 1
    assert "sk_test_of_the_tests" not in caplog.text + answer.text


def test_a_stripe_that_is_down_is_500(tmp_path: Path) -> None:
    with billing_server(working_settings(tmp_path, "http://127.0.0.1:9")) as server:
        answer = requests.post(f"{server.url}{CHECKOUT}", timeout=ANSWERS_WITHIN)
    assert answer.status_code == 500
    assert answer.json() == {"error": "Stripe checkout failed"}


def test_a_stripe_that_never_answers_is_given_up(tmp_path: Path, account: StripeAccount) -> None:
    account.faults = SILENT
    settings = working_settings(tmp_path, account.url)
    with billing_server(settings, stripe_deadline_seconds=0.3) as server:
        answer = requests.post(f"{server.url}{CHECKOUT}", timeout=ANSWERS_WITHIN)
    assert answer.status_code == 500
    assert answer.json() == {"error": "Stripe checkout failed"}
