"""The routes over real HTTP, in front of a Stripe that works and of ones that do not."""

from __future__ import annotations

import json
import logging
import socket
from contextlib import closing
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import requests
import stripe
from pydantic import SecretStr

from billing.errors import NotConfigured
from billing.setup.webhook_checks import registered_at
from billing.urls import webhook_url
from tests.support.billing_server import BillingServer, billing_server
from tests.support.settings import working_settings
from tests.support.stripe_account import REQUEST_ID, SILENT, StripeAccount, always
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.shop import Shop

CHECKOUT = "/api/billing/checkout"
CREDITS = "/api/billing/extra-credits"
WEBHOOK = "/api/billing/stripe/webhook"
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
    assert made.cancel_url.endswith("/app/billing?canceled=1")
    assert made.metadata is not None
    assert made.metadata.to_dict() == {
        "app": "billing-dashboard",
        "kind": "pro",
        "quantity": "1",
        "made_by": "api",
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


def test_an_unknown_route_is_json_404(shop: Shop) -> None:
    answer = requests.get(f"{shop.url}/api/billing/nothing", timeout=ANSWERS_WITHIN)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/json"


def test_health_tells_mode_and_versions_and_no_secret(shop: Shop) -> None:
    answer = requests.get(f"{shop.url}/api/billing/health", timeout=ANSWERS_WITHIN)
    assert answer.status_code == 200
    assert answer.json()["database"] == "sqlite"
    assert answer.json()["stripe"] == "16.1.0"
    assert "sk_test" not in answer.text


def test_health_is_503_when_the_database_does_not_answer(tmp_path: Path) -> None:
    lost = SecretStr("sqlite:////proc/nowhere/billing.sqlite3")
    settings = working_settings(tmp_path, "http://127.0.0.1:9", database_url=lost)
    with billing_server(settings) as server:
        answers = [
            requests.get(f"{server.url}/api/billing/{name}", timeout=ANSWERS_WITHIN)
            for name in ("health", "ready")
        ]
    for answer in answers:
        assert answer.status_code == 503
        assert answer.json()["status"] == "unavailable"
        assert "DATABASE_URL" in answer.json()["reason"]


def test_it_is_ready_once_the_copy_is_in_step(shop: Shop) -> None:
    def answer() -> requests.Response:
        return requests.get(f"{shop.url}/api/billing/ready", timeout=ANSWERS_WITHIN)

    wait_for(lambda: answer().ok, "a copy in step")
    assert answer().json()["status"] == "ready"


def webhook(url: str, body: str, secret: str, **headers: str) -> requests.Response:
    signature = stripe.WebhookSignature.generate_signature_header(body, secret)
    return requests.post(
        f"{url}{WEBHOOK}",
        data=body.encode(),
        headers={"Stripe-Signature": signature} | headers,
        timeout=ANSWERS_WITHIN,
    )


def event(kind: str = "checkout.session.completed") -> str:
    return json.dumps({"id": "evt_1", "object": "event", "type": kind, "created": 1,
                       "data": {"object": {"id": "cs_test_1"}}})  # fmt: skip


def test_a_signed_event_is_acknowledged_and_shown_in_the_log(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "billing"):
        answer = webhook(shop.url, event(), "whsec_of_the_tests")
    assert answer.status_code == 200
    assert answer.json() == {"received": True, "id": "evt_1"}
    assert "evt_1 checkout.session.completed cs_test_1" in caplog.text


def test_an_event_that_nobody_wants_is_acknowledged_too(shop: Shop) -> None:
    assert webhook(shop.url, event("plan.deleted"), "whsec_of_the_tests").status_code == 200


def test_a_forged_event_is_refused_with_a_reason(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    answer = webhook(shop.url, event(), "whsec_forged")
    assert answer.status_code == 400
    assert "signature" in answer.json()["error"]
    assert "whsec_of_the_tests" not in caplog.text + answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (["{t}", "{v1}"], 200),
        (["{t}, v1=\xe9", " {v1}\t"], 200),
        (["{t},v1=\xff\xfe"], 400),
        (["\xe9"], 400),
        (["{t}", "{t}"], 400),
    ],
)
def test_signatures_in_several_header_lines_and_of_any_bytes_are_answered_in_json(
    shop: Shop, headers: list[str], status: int
) -> None:
    body = event()
    t, v1 = stripe.WebhookSignature.generate_signature_header(body, "whsec_of_the_tests").split(",")
    connection = HTTPConnection(urlsplit(shop.url).netloc, timeout=ANSWERS_WITHIN)
    with closing(connection):
        connection.putrequest("POST", WEBHOOK)
        for header in headers:
            connection.putheader("Stripe-Signature", header.format(t=t, v1=v1).encode("latin-1"))
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body.encode())
        answer = connection.getresponse()
        said = json.loads(answer.read())
    assert (answer.status, "error" in said) == (status, status != 200)


def test_what_nobody_foresaw_is_answered_in_json_and_the_log_tells_more(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def receive(*_: object) -> str:
        raise ZeroDivisionError("of sk_test_of_the_tests")

    with billing_server(working_settings(tmp_path, "http://127.0.0.1:9")) as server:
        monkeypatch.setattr(server.services.webhooks, "receive", receive)
        answer = webhook(server.url, event(), "")
    assert answer.status_code == 500
    assert list(answer.json()) == ["error"]
    assert "ZeroDivisionError" in caplog.text
    assert "ZeroDivisionError" not in answer.text


def refusals(server: BillingServer) -> list[tuple[str, int]]:
    """Reason and size of each delivery that was refused, the newest first."""
    kept = server.portal.call(server.services.event_log.refusals)
    return [(refusal.reason, refusal.size) for refusal in kept]


def test_an_event_over_the_size_bound_is_refused_and_kept_with_its_size(shop: Shop) -> None:
    large = event() + " " * 2 * 1024 * 1024
    answer = webhook(shop.url, large, "whsec_of_the_tests")
    assert answer.status_code == 400
    assert refusals(shop.server) == [(answer.json()["error"], len(large))]
    assert "larger than" in answer.json()["error"]


def test_an_event_without_end_is_refused_and_kept_with_the_size_that_had_come(shop: Shop) -> None:
    def pieces() -> Iterator[bytes]:
        yield from [b" " * 1024] * 1025

    answer = requests.post(f"{shop.url}{WEBHOOK}", data=pieces(), timeout=ANSWERS_WITHIN)
    assert answer.status_code == 400
    ((reason, size),) = refusals(shop.server)
    assert "larger than" in reason
    assert 1024 * 1024 < size <= 1025 * 1024


@pytest.mark.parametrize("tail", ["", "/", "?x=1", "%2F", "//", "s"])
def test_the_webhook_answers_where_the_check_calls_an_endpoint_right(shop: Shop, tail: str) -> None:
    here = f"{shop.url}{WEBHOOK}{tail}"
    body = event()
    header = stripe.WebhookSignature.generate_signature_header(body, "whsec_of_the_tests")
    answer = requests.post(here, body, headers={"Stripe-Signature": header}, timeout=10)
    is_right = bool(registered_at([{"url": here}], webhook_url(shop.url)))
    assert answer.status_code == (200 if is_right else 404)
    assert is_right == (tail not in ("//", "s"))


def test_without_a_signing_secret_the_webhook_is_closed_and_the_delivery_noted(
    tmp_path: Path,
) -> None:
    settings = working_settings(tmp_path, "http://127.0.0.1:9", webhook_secrets=())
    with billing_server(settings) as server:
        answer = webhook(server.url, event(), "")
        assert answer.status_code == 503
        assert "STRIPE_WEBHOOK_SECRET" in answer.json()["error"]
        assert refusals(server) == [(answer.json()["error"], len(event()))]


@pytest.mark.parametrize(
    ("setting", "values"),
    [
        ("STRIPE_SECRET_KEY", {"secret_key": None}),
        ("STRIPE_PRICE_PRO_MONTHLY", {"price_pro_monthly": None}),
        ("PINGPOINT_PUBLIC_URL", {"public_url": None}),
    ],
)
def test_a_missing_setting_is_500_and_names_itself_and_asks_nothing_of_stripe(
    tmp_path: Path, account: StripeAccount, setting: str, values: dict[str, Any]
) -> None:
    problem = NotConfigured(setting, f"{setting} is wrong.", "Mend it.")
    settings = working_settings(tmp_path, account.url, problems={setting: problem}, **values)
    with billing_server(settings) as server:
        answer = requests.post(f"{server.url}{CHECKOUT}", timeout=ANSWERS_WITHIN)
    assert answer.status_code == 500
    assert answer.json()["error"] == "Stripe is not configured on server"
    assert setting in answer.json()["reason"]
    assert account.idempotency_keys == []


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
