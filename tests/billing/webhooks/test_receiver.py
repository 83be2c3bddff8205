from __future__ import annotations

import json
import time
from typing import Any

import pytest
import stripe

from billing.domain.events.thin_event import as_sent, created_at, type_of
from billing.errors import WebhookRefused
from billing.stripe_api.webhook_signature import MAX_REFORMATTED
from billing.webhooks.receiver import parse_event

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
        parse_event(body, signature, secrets)
    return f"{refused.value.message} {refused.value.next_step}"


def test_a_delivery_signed_with_any_of_the_secrets_is_accepted() -> None:
    event = parse_event(EVENT.encode(), signed(EVENT), ["whsec_old", SECRET])
    assert event["id"] == "evt_1"


def test_two_signatures_in_one_header_are_accepted_while_a_secret_is_rolled() -> None:
    other = signed(EVENT, "whsec_other").split("v1=")[1]
    assert parse_event(EVENT.encode(), f"{signed(EVENT)},v1={other}", [SECRET])["id"] == "evt_1"


def test_an_altered_body_is_refused() -> None:
    said = refusal(EVENT.replace("cs_test_1", "cs_test_2").encode(), signed(EVENT), [SECRET])
    assert "does not match" in said
    assert "STRIPE_WEBHOOK_SECRET" in said


@pytest.mark.parametrize(
    "layout", [{}, {"separators": (",", ":")}, {"indent": 4}, {"indent": 2, "ensure_ascii": True}]
)
@pytest.mark.parametrize("secrets", [[SECRET], ["whsec_old", SECRET]])
def test_json_that_was_written_anew_is_distinguished_from_a_wrong_secret(
    layout: dict[str, Any], secrets: list[str]
) -> None:
    body = json.dumps(json.loads(EVENT), **{"ensure_ascii": False, **layout}).encode()
    said = refusal(body, signed(EVENT), secrets)
    assert "changed in transit: its JSON was parsed and written again" in said
    assert "The signing secret is correct" in said


@pytest.mark.parametrize(
    "body",
    [
        *(EVENT[:-9], "[" * 60_000, '{"a": "\\ud800"}', " " * 140_000 + "{}", "9" * 60_000),
        "[" * 180 + "]" * 180,
        "[" * 300 + "]" * 300,
    ],
)
def test_what_cannot_be_laid_out_as_stripe_does_is_refused_all_the_same(body: str) -> None:
    assert "does not match" in refusal(body.encode(), signed(EVENT), [SECRET])


@pytest.mark.parametrize(
    "body",
    [
        *("[" * 32_000 + "]" * 32_000, "[" * 990 + "[]," * 20_000 + "[]" + "]" * 990),
        *("[" * 170 + "1," * 30_000 + "1" + "]" * 170, '{"a":' * 900 + "1" + "}" * 900),
        *("[" + "1," * 500_000 + "1]", '"' + "é" * 32_000 + '"', "{" * 65_000, "[[]," * 16_000),
        *('["' + "\\u00e9" * 10_000 + '"]', "9" * 65_000, '"' + "\\ud83d" * 10_000 + '"'),
    ],
    ids=range(11),
)
def test_an_unsigned_body_costs_no_more_than_its_bytes(body: str) -> None:
    """Beside the plainest body of that length, which is hashed once for each secret."""
    sent, header = body.encode(), signed(EVENT)

    def seconds(sent: bytes) -> float:
        started = time.perf_counter()
        refusal(sent, header, [SECRET, "whsec_old"])
        return time.perf_counter() - started

    assert min(seconds(sent) for _ in range(5)) < 0.02 + 20 * min(
        seconds(b" " * max(len(sent), MAX_REFORMATTED)) for _ in range(5)
    )


def test_another_endpoints_secret_is_refused() -> None:
    assert "another endpoint" in refusal(EVENT.encode(), signed(EVENT, "whsec_x"), [SECRET])


def test_an_old_signature_is_refused_by_its_age_also_beside_a_secret_that_does_not_fit() -> None:
    old = signed(EVENT, at=int(time.time()) - 400)
    assert "5 minutes old" in refusal(EVENT.encode(), old, [SECRET, "whsec_new"])
    assert "5 minutes old" in refusal(EVENT.encode(), old, ["whsec_new", SECRET])


@pytest.mark.parametrize(
    "layout",
    [
        *("{t}, {v}", "{t},\t{v}", " {t} ,{v} ", "t = {at},v1\t= {hex}", "{v},{t}"),
        *("{t},v1=old,{v}", "{t},v1=,{v}", "{t},v1=\xe9\xe9,{v}", "{t},v0={hex},{v}", "{t},,{v},x"),
        "{t},v1=" + "0" * 64 + ",{v}",
    ],
)
def test_a_header_is_read_as_stripe_and_a_proxy_may_write_it(layout: str) -> None:
    time_part, signature_part = signed(EVENT).split(",")
    header = layout.format(
        t=time_part, v=signature_part, at=time_part[2:], hex=signature_part.removeprefix("v1=")
    )
    assert parse_event(EVENT.encode(), header, ["whsec_old", SECRET])["id"] == "evt_1"


@pytest.mark.parametrize(
    "header",
    [
        *("", "nonsense", "t=,v1=", "t=1", "v1=abc", "t=x,v1=y", "t=1,v0=a", "=,=", ","),
        *(
            "t=\xb2,v1=a",
            "t=1_0,v1=a",
            "t=-1,v1=a",
            f"t={'9' * 5_000},v1=a",
            f"t=1,v1={'a' * 5_000}",
        ),
    ],
)
def test_a_malformed_header_is_refused(header: str) -> None:
    said = refusal(EVENT.encode(), header, [SECRET])
    assert "missing" in said or "malformed" in said


@pytest.mark.parametrize("value", ["\xe9", "\xff" * 64, "abc", "0" * 64, "g" * 64, "A" * 64])
def test_a_signature_of_whatever_bytes_that_is_not_right_does_not_fit(value: str) -> None:
    time_part, _ = signed(EVENT).split(",")
    assert "does not match" in refusal(EVENT.encode(), f"{time_part},v1={value}", [SECRET])


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
        EVENT.replace('"created": 1', '"created": true'),
        EVENT.replace('"created": 1', '"created": 1.5'),
        EVENT.replace('"created": 1', '"created": NaN'),
        EVENT.replace('"created": 1', f'"created": {2**70}'),
        EVENT.replace('"evt_1"', '"evt_1\\n"'),
        EVENT.replace('"evt_1"', '"evt_\\ud83d"'),
        EVENT.replace('"cs_test_1"', "[" * 990 + "]" * 990),
        EVENT.replace('"cs_test_1"', "[" * 60_000 + "]" * 60_000),
    ],
)
def test_a_signed_body_that_is_no_event_is_refused(body: str) -> None:
    assert "not an event" in refusal(body.encode(), signed(body), [SECRET])


THIN = {
    "id": "evt_1", "object": "v2.core.event", "type": "v1.checkout.session.completed",
    "created": "2026-11-27T10:00:00.123Z", "livemode": False,
    "related_object": {"id": "cs_test_1", "type": "checkout.session", "url": "/v1/checkout/x"},
}  # fmt: skip


def test_a_thin_event_is_accepted_and_names_its_object() -> None:
    thin = json.dumps(THIN)
    event = parse_event(thin.encode(), signed(thin), [SECRET])
    assert event == THIN | {"data": {"object": {"id": "cs_test_1", "object": "checkout.session"}}}
    assert (type_of(event), created_at(event)) == ("checkout.session.completed", 1795773600)
    assert as_sent(event) == THIN


def test_a_thin_event_about_no_object_is_accepted_too() -> None:
    thin = json.dumps(THIN | {"type": "v2.core.event_destination.ping", "related_object": None})
    event = parse_event(thin.encode(), signed(thin), [SECRET])
    assert (type_of(event), event["data"]) == ("v2.core.event_destination.ping", {"object": {}})


@pytest.mark.parametrize(
    "wrong",
    [
        *({"created": "now"}, {"created": "2026-11-27T10:00:00"}, {"created": 1}, {"id": ""}),
        *({"created": "1926-11-27T10:00:00Z"}, {"type": "x"}, {"type": None}),
        *({"related_object": "cs_test_1"}, {"related_object": {"id": ["x"], "type": "x"}}),
    ],
)
def test_a_signed_body_that_is_no_thin_event_is_refused(wrong: dict[str, Any]) -> None:
    body = json.dumps(THIN | wrong)
    assert "not an event" in refusal(body.encode(), signed(body), [SECRET])


def test_what_no_database_holds_is_replaced_in_an_event() -> None:
    body = EVENT.replace('"naïve ünïcode"', f'["\\ud83d", NaN, {2**70}]')
    event = parse_event(body.encode(), signed(body), [SECRET])
    assert event["data"]["object"]["note"] == ["\ufffd", None, float(2**70)]
