"""What comes back from Stripe's API, byte by byte."""

from __future__ import annotations

import json
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from billing.errors import StripeFailure
from billing.stripe_api.gateway import StripeGateway
from billing.timings import Timings
from tests.support.servers.server import serving
from tests.support.servers.settings import settings_for
from tests.support.servers.timings import NO_REPEATS, PATIENT
from tests.support.stripe_account import session_object

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def answering(
    body: bytes, status: int = 200, timings: Timings = PATIENT
) -> AsyncIterator[StripeGateway]:
    """A gateway to a Stripe that answers this, whatever is asked."""

    async def app(scope: dict[str, Any], _receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        headers = [(b"request-id", b"req_1"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    with serving(app) as url:
        gateway = StripeGateway(settings_for(url, "sqlite://"), timings)
        try:
            yield gateway
        finally:
            await gateway.aclose()


@pytest.mark.parametrize(
    ("body", "account"),
    [
        (b'"name": "caf\xc3\xa9"', {"name": "café"}),
        (b'"name": "\\ud83d", "n": 18446744073709551616', {"name": "\ufffd", "n": 2**64}),
    ],
    ids=["common", "what only the json module reads"],
)
async def test_a_document_comes_back_as_it_was_sent(body: bytes, account: dict[str, Any]) -> None:
    async with answering(b'{"id": "acct_1", "object": "account", ' + body + b"}") as gateway:
        assert await gateway.retrieve_account() == {"id": "acct_1", "object": "account"} | account


async def test_the_id_of_the_request_comes_with_what_it_made() -> None:
    session = session_object(1, "pro", 1)
    async with answering(json.dumps(session).encode()) as gateway:
        assert await gateway.create_checkout_session({}) == (session, "req_1")


STRANGE = [
    (200, b"null", "HTTP 200, null, not a valid"),
    (200, b"[]", "HTTP 200, [], not a valid"),
    (200, b"[1]", "HTTP 200, a list, not a valid"),
    (200, b"{}", "HTTP 200, {}, not a valid"),
    (200, b'"no"', 'HTTP 200, "no", not a valid'),
    (200, b'{"id": 7}', "HTTP 200, an object with id, not a valid"),
    (200, b'{"object": "list"}', "HTTP 200, an object with object, not a valid"),
    (200, b'{"object": "list", "data": {}, "has_more": false}', "an object with object, data, has"),
    (200, b'{"object": "list", "data": [7], "has_more": false}', "an object with object, data, h"),
    (200, b'{"object": "list", "data": [{}], "has_more": false}', "object with object, data, has"),
    (
        200,
        b'{"object": "account", "id": "a", "object": "x"}',
        "HTTP 200, an object with object, id",
    ),
    (200, b"[" * 60_000 + b"]" * 60_000, "HTTP 200, [[[["),
    (200, b"<html>", "HTTP 200, <html>, not a valid"),
    (200, b"", "HTTP 200, an empty body, not a valid"),
    (200, b"\xff", "HTTP 200, \ufffd, not a valid"),
    (204, b"", "HTTP 204, an empty body, not a valid"),
    (400, b'{"error": "sk_test_of_the_tests"}', 'HTTP 400, {"error": "[secret]"}.'),
    (401, b'{"error": "Unauthorized"}', 'HTTP 401, {"error": "Unauthorized"}.'),
    (403, b'{"error": {"message": 7}}', 'HTTP 403, {"error": {"message": 7}}.'),
    (404, b"[]", "HTTP 404, []."),
    (404, b'{"detail": "Not Found"}', 'HTTP 404, {"detail": "Not Found"}.'),
    (429, b"", "rate limiting requests"),
    (500, b'{"error": null}', 'HTTP 500): {"error": null}.'),
    (502, b"<html>Bad Gateway</html>", "HTTP 502): <html>Bad Gateway</html>."),
    (503, b"\xff" * 9_000, "HTTP 503): \ufffd"),
]


@pytest.mark.parametrize(("status", "body", "words"), STRANGE, ids=range(len(STRANGE)))
async def test_an_answer_that_is_none_of_stripes_is_a_failure_that_says_what_came(
    status: int, body: bytes, words: str
) -> None:
    async with answering(body, status, NO_REPEATS) as gateway:
        for call in (
            lambda: gateway.create_checkout_session({}),
            lambda: gateway.retrieve_checkout_session("cs_test_1", with_line_items=True),
            lambda: gateway.expire_checkout_session("cs_test_1"),
            gateway.list_checkout_sessions,
            gateway.list_events,
            lambda: gateway.retrieve_price("price_1"),
            lambda: gateway.list_prices("key"),
            lambda: gateway.create_price({}, "key"),
            gateway.retrieve_account,
            gateway.list_webhook_endpoints,
            lambda: gateway.create_webhook_endpoint({}, "key"),
        ):
            with pytest.raises(StripeFailure) as failed:
                await call()
            failure = failed.value
            assert words in failure.message
            assert (failure.status, failure.request_id) == (status, "req_1")
            assert not failure.is_missing
            assert not failure.is_final
            assert len(failure.message) < 300


@pytest.mark.parametrize("wrong", [{"created": None}, {"amount_total": 2**64}, {"metadata": "x"}])
async def test_one_strange_object_in_a_list_costs_itself_alone(
    wrong: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    well = [session_object(number, "pro", 1) for number in range(2)]
    strange = session_object(3, "pro", 1) | wrong
    page = {"object": "list", "data": [well[0], strange, well[1]], "has_more": True}
    async with answering(json.dumps(page).encode()) as gateway:
        found = await gateway.list_checkout_sessions()
    assert (found.data, found.has_more) == (well, True)
    assert f"contains an invalid Checkout Session: {next(iter(wrong))}" in caplog.text
    page["data"] = [strange]
    async with answering(json.dumps(page).encode()) as gateway:
        with pytest.raises(StripeFailure, match="not a valid Checkout Session"):
            await gateway.list_checkout_sessions()


async def test_a_missing_permission_is_named_in_stripes_own_words() -> None:
    said = b"""{"error": {"type": "invalid_request_error", "message": "The provided key
        'rk_test_***j4va7j' does not have the required permissions for this endpoint on account
        'acct_1'. Enabling \\"Prices Read\\" ('plan_read') permissions on this key would allow this
        request to continue."}}"""
    async with answering(b" ".join(said.split()), 403) as gateway:
        with pytest.raises(StripeFailure) as failed:
            await gateway.retrieve_price("price_1")
    assert failed.value.is_forbidden
    assert "Enabling \"Prices Read\" ('plan_read') permissions" in failed.value.message
    assert "Stripe Dashboard" in failed.value.next_step


async def test_an_event_that_is_older_than_stripe_keeps_them_is_missing() -> None:
    said = b'{"error": {"type": "invalid_request_error", "message": "evt_1 is no longer available'
    said += b""" because it's aged out of our retention policy"}}"""
    async with answering(said, 404) as gateway:
        with pytest.raises(StripeFailure) as failed:
            await gateway.list_events(ending_before="evt_1")
    assert failed.value.is_missing


async def test_a_key_that_an_api_repeats_goes_no_further(caplog: pytest.LogCaptureFixture) -> None:
    key = "sk_test_of_the_tests"
    body = f'{{"error": {{"message": "Bad key {key}", "code": "{key}", "type": "{key}"}}}}'
    async with answering(body.encode(), 400) as gateway:
        with pytest.raises(StripeFailure) as failed:
            await gateway.retrieve_account()
    assert failed.value.message == "Stripe refused the request: Bad key [secret]"
    assert key not in f"{vars(failed.value)}{caplog.text}"


@pytest.mark.parametrize("body", [b"<html>", b'{"detail": "Not Found"}'])
async def test_an_address_that_is_not_stripes_says_nothing_of_what_is_missing(body: bytes) -> None:
    async with answering(body, 404) as gateway:
        with pytest.raises(StripeFailure) as failed:
            await gateway.list_events(ending_before="evt_1")
    assert not failed.value.is_missing


async def test_the_sdks_debug_log_does_not_tell_who_paid(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "stripe")
    async with answering(
        b'{"object": "account", "id": "acct_1", "email": "eve@example.com"}'
    ) as gateway:
        account = await gateway.retrieve_account()
    assert account["email"] == "eve@example.com"
    assert "API response body" in caplog.text
    assert "eve@example.com" not in caplog.text
