"""What is blotted out, escaped and replaced in the text of others."""

from __future__ import annotations

import time

import pytest

from billing.errors import InvalidInput, NotConfigured, StripeFailure
from billing.safe_text import escape_controls, redact, sanitize

LEAKS = "hunter2"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("No such key: sk_test_hunter2, sorry", "No such key: [secret], sorry"),
        ("RK_LIVE_hunter2", "[secret]"),
        (r"one\npk_live_hunter2", r"one\n[secret]"),
        ("sk_org_live_hunter2", "[secret]"),
        ("whsec_hunter2,whsec_hunter2;", "[secret],[secret];"),
        ("pi_3Nxy_secret_hunter2hunter2 is spent", "pi_3Nxy_secret_[secret] is spent"),
        ("cs_test_a1_secret_fidhunter2%2F", "cs_test_a1_secret_[secret]"),
        (
            "at https://shop:hunter2@pay.example:8443/x",
            "at https://shop:[secret]@pay.example:8443/x",
        ),
        ("redis://:hunter2@cache", "redis://:[secret]@cache"),
        (
            "postgresql+psycopg://shop:hunt/er@hunter2@db/shop",
            "postgresql+psycopg://shop:[secret]@db/shop",
        ),
        ("host=db password=hunter2 dbname=x", "host=db password=[secret] dbname=x"),
        ('{"password": "hunter2", "user": "eve"}', '{"password": "[secret]", "user": "eve"}'),
        ("/login?access_token=hunter2&x=1", "/login?access_token=[secret]&x=1"),
        ("Authorization: Bearer hunter2", "Authorization: [secret]"),
        ("{'authorization': 'Basic hunter2'}", "{'authorization': '[secret]'}"),
        ("(b'Authorization', b'Bearer hunter2')", "(b'Authorization', b'[secret]')"),
        ("curl -H 'bearer hunter2hunter2'", "curl -H 'bearer [secret]'"),
    ],
)
def test_every_form_of_a_secret_is_blotted_out_and_what_stood_there_still_shows(
    text: str, redacted: str
) -> None:
    assert redact(text) == redacted
    assert LEAKS not in redacted


@pytest.mark.parametrize(
    "text",
    [
        "Webhook received: evt_1 checkout.session.completed cs_test_a1b2c3",
        "The STRIPE_WEBHOOK_SECRET: it begins with whsec.",
        "Set it to a secret test key: sk_test_… or rk_test_…; the signing secret is whsec_…",
        "http://localhost:8501/app/billing?email=a@b.example",
        "password authentication failed for user shop",
        "Stripe did not answer at https://api.stripe.com.",
        "",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "piece",
    ["postgres://x:", "://a:", "authorization:", "bearer ", "_secret_", "k_test_", "a_token=", "@"],
)
def test_a_long_line_costs_no_more_than_its_length(piece: str) -> None:
    def seconds(repeats: int) -> float:
        line = piece * repeats
        started = time.perf_counter()
        redact(line)
        return time.perf_counter() - started

    seconds(1_000)
    assert min(seconds(20_000) for _ in range(3)) < 2.0  # quadratic ones took half a minute


def test_an_error_holds_no_secret_however_it_came_by_its_words() -> None:
    said = "Invalid API Key provided: sk_test_hunter2\x00 \ud83d"
    for error in (
        StripeFailure(said, "Roll whsec_hunter2", request_id="req_rk_test_hunter2", code=said),
        InvalidInput(said, said),
        NotConfigured("DATABASE_URL", said, "postgres://u:hunter2@db"),
    ):
        assert LEAKS not in f"{vars(error)} {error} {error!r}"
        assert "\x00" not in error.message
        error.message.encode()


def test_control_characters_are_written_out_on_one_line() -> None:
    text = "evt_1\r\n2027-01-01 INFO forged\x1b[31m\x07\x85\u2028\u202e\x7f\ud83d\ttab é 🎈"
    escaped = escape_controls(text)
    assert escaped.splitlines() == [escaped]
    assert r"evt_1\r\n2027-01-01 INFO forged\x1b[31m\x07\x85\u2028\u202e\x7f\ud83d" in escaped
    assert escaped.endswith("\ttab é 🎈")


@pytest.mark.parametrize(
    ("text", "sane"),
    [
        ("plain é 🎈", "plain é 🎈"),
        ("half \ud83d a pair", "half \ufffd a pair"),
        ("\udc00", "\ufffd"),
        ("both \ud83c\udf88 halves", "both 🎈 halves"),
        ("be\x00fore", "be\ufffdfore"),
    ],
)
def test_what_no_database_holds_is_replaced(text: str, sane: str) -> None:
    assert sanitize(text) == sane
