from __future__ import annotations

import json
import time
from typing import Any

import pytest
import stripe

from billing.errors import WebhookRefused
from billing.webhooks import verified

SECRET = "whsec_right"
EVENT = json.dumps(
    {"id": "evt_1", "object": "event", "type": "checkout.session.completed", "created": 1,
     "data": {"object": {"id": "cs_test_1", "note": "naïve ünïcode"}}},
    indent=2, ensure_ascii=False,
)  # fmt: skip


def signed(body: str, secret: str = SECRET, at: int | None = None) -> str:
    return str(stripe.WebhookSignature.generate_signature_header(body, secret, at))


def refusal(body: bytes, signature: str | None, secrets: list[str]) -> str:
    with pytest.raises(WebhookRefused) as refused:
        verified(body, signature, secrets)
    return f"{refused.value.message} {refused.value.next_step}"


def test_a_delivery_signed_with_any_of_the_secrets_is_accepted() -> None:
    event = verified(EVENT.encode(), signed(EVENT), ["whsec_old", SECRET])
    assert event["id"] == "evt_1"


def test_two_signatures_in_one_header_are_accepted_while_a_secret_is_rolled() -> None:
    other = signed(EVENT, "whsec_other").split("v1=")[1]
    assert verified(EVENT.encode(), f"{signed(EVENT)},v1={other}", [SECRET])["id"] == "evt_1"


def test_an_altered_body_is_refused() -> None:
    said = refusal(EVENT.replace("cs_test_1", "cs_test_2").encode(), signed(EVENT), [SECRET])
    assert "does not fit" in said
    assert "STRIPE_WEBHOOK_SECRET" in said


@pytest.mark.parametrize(
    "layout", [{}, {"separators": (",", ":")}, {"indent": 4}, {"indent": 2, "ensure_ascii": True}]
)
@pytest.mark.parametrize("secrets", [[SECRET], ["whsec_old", SECRET]])
def test_json_that_was_written_anew_is_told_from_a_wrong_secret(
    layout: dict[str, Any], secrets: list[str]
) -> None:
    body = json.dumps(json.loads(EVENT), **{"ensure_ascii": False, **layout}).encode()
    said = refusal(body, signed(EVENT), secrets)
    assert "altered on its way: somebody read the JSON and wrote it anew" in said
    assert "the signing secret is right" in said


@pytest.mark.parametrize(
    "body", [EVENT[:-9], "[" * 60_000, '{"a": "\\ud800"}', " " * 70_000 + "{}", "9" * 60_000]
)
def test_what_cannot_be_laid_out_as_stripe_does_is_refused_all_the_same(body: str) -> None:
    assert "does not fit" in refusal(body.encode(), signed(EVENT), [SECRET])


def test_another_endpoints_secret_is_refused() -> None:
    assert "another endpoint" in refusal(EVENT.encode(), signed(EVENT, "whsec_x"), [SECRET])


def test_an_old_signature_is_refused_by_its_age_also_beside_a_secret_that_does_not_fit() -> None:
    old = signed(EVENT, at=int(time.time()) - 400)
    assert "5 minutes old" in refusal(EVENT.encode(), old, [SECRET, "whsec_new"])
    assert "5 minutes old" in refusal(EVENT.encode(), old, ["whsec_new", SECRET])


@pytest.mark.parametrize(
    "header", ["", "nonsense", "t=,v1=", "t=1", "v1=abc", "t=x,v1=y", "t=1,v0=a"]
)
def test_a_malformed_header_is_refused(header: str) -> None:
    said = refusal(EVENT.encode(), header, [SECRET])
    assert "missing" in said or "malformed" in said


def test_a_missing_header_is_refused() -> None:
    assert "missing" in refusal(EVENT.encode(), None, [SECRET])


def test_a_body_that_is_not_text_is_refused() -> None:
    assert "UTF-8" in refusal(b"\xff\xfe", signed(EVENT), [SECRET])


@pytest.mark.parametrize(
    "body",
    [
        *("", "[]", "{}", '"x"', "null"),
        '{"id": "evt_1", "type": "x", "created": 1}',
        EVENT.replace('"created": 1', f'"created": {10**15}'),
        EVENT.replace('"created": 1', '"created": -1'),
    ],
)
def test_a_signed_body_that_is_no_event_is_refused(body: str) -> None:
    assert "not an event" in refusal(body.encode(), signed(body), [SECRET])
