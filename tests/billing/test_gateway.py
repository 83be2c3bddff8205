"""What comes back from Stripe's API, byte by byte."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from billing.errors import StripeFailure
from billing.gateway import StripeGateway
from tests.support.quick_services import settings_for
from tests.support.server import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def answering(body: bytes, status: int = 200) -> AsyncIterator[StripeGateway]:
    """A gateway to a Stripe that answers this, whatever is asked."""

    async def app(scope: dict[str, Any], _receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        headers = [(b"request-id", b"req_1"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    with serving(app) as url:
        gateway = StripeGateway(settings_for(url, "sqlite://"))
        try:
            yield gateway
        finally:
            await gateway.aclose()


@pytest.mark.parametrize(
    ("body", "account"),
    [
        (b'{"id": "acct_1", "name": "caf\xc3\xa9"}', {"id": "acct_1", "name": "café"}),
        (b'{"id": "\\ud83d", "n": 18446744073709551616}', {"id": "\ud83d", "n": 2**64}),
    ],
    ids=["common", "what only the json module reads"],
)
async def test_a_document_comes_back_as_it_was_sent(body: bytes, account: dict[str, Any]) -> None:
    async with answering(body) as gateway:
        assert await gateway.retrieve_account() == account


async def test_the_id_of_the_request_comes_with_what_it_made() -> None:
    async with answering(b'{"id": "cs_test_1"}') as gateway:
        assert await gateway.create_checkout_session({}) == ({"id": "cs_test_1"}, "req_1")


@pytest.mark.parametrize("body", [b"<html>", b"", b"\xff"])
@pytest.mark.parametrize(
    ("status", "words"),
    [
        (200, "The answer is not in the words of Stripe's API."),
        (502, "Stripe answered with an error of its own (HTTP 502)."),
    ],
)
async def test_what_is_no_json_is_a_failure_in_words(body: bytes, status: int, words: str) -> None:
    async with answering(body, status) as gateway:
        with pytest.raises(StripeFailure) as failed:
            await gateway.retrieve_account()
    assert failed.value.message == words


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
    async with answering(b'{"data": [{"email": "eve@example.com"}], "has_more": false}') as gateway:
        page = await gateway.list_checkout_sessions()
    assert page.data == [{"email": "eve@example.com"}]
    assert "API response body" in caplog.text
    assert "eve@example.com" not in caplog.text
