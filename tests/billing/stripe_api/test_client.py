"""What goes to Stripe's API is what Stripe's own SDK sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import stripe

from billing.metrics.registry import Metrics
from billing.stripe_api.client import StripeClient
from billing.timings import Timings
from tests.support.servers.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.anyio

KEY = "sk_test_of_the_tests"
RANDOM = "idempotency-key"
PATHS = {"get": "/v1/events", "post": "/v1/checkout/sessions", "delete": "/v1/coupons/one"}
PARAMS: list[dict[str, Any]] = [
    {},
    {"limit": 100, "expand": ["data.customer", "data.invoice.payments"], "created": {"gte": 7}},
    {"a": None, "b": True, "c": False, "d": -1, "e": "", "f": [], "g": {}, "h": 0.5},
    {"lines": [{"price": "p", "quantity": 2}, {"price": "q"}], "deep": {"a": {"b": {"c": "d"}}}},
    {"url": "http://h/?a=1&b={CHECKOUT_SESSION_ID}#c", "name": "Zoë [x] 日本 + 50% ~*'()\n"},
    {"metadata": {"odd key[0]": "v", "é": "&="}},
]


class Sent(NamedTuple):
    """A request as it arrived."""

    method: str
    path: bytes
    query: bytes
    headers: dict[str, str]
    body: bytes


class Recorder:
    """An API that answers everything with an empty object, and remembers what was asked."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.statuses: list[int] = []

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message["body"]
            more = message.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.sent.append(
            Sent(scope["method"], scope["raw_path"], scope["query_string"], headers, body)
        )
        status = self.statuses.pop(0) if self.statuses else 200
        head = [(b"content-length", b"2"), (b"request-id", b"req_1")]
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": b"{}"})


@pytest.fixture(scope="module")
def api() -> Iterator[tuple[str, Recorder]]:
    recorder = Recorder()
    with serving(recorder) as url:
        yield url, recorder


@pytest.mark.parametrize("params", PARAMS, ids=range(len(PARAMS)))
@pytest.mark.parametrize("method", PATHS)
async def test_a_request_is_the_one_that_the_sdk_sends(
    api: tuple[str, Recorder], method: str, params: dict[str, Any]
) -> None:
    url, recorder = api
    ours = StripeClient(KEY, url, Timings(), Metrics())
    http = stripe.AIOHTTPClient()
    sdk = stripe.StripeClient(KEY, base_addresses={"api": url}, http_client=http)
    try:
        recorder.sent.clear()
        await ours.request(method, PATHS[method], params)
        await sdk.raw_request_async(method, PATHS[method], **params)
    finally:
        await ours.aclose()
        await http.close_async()  # type: ignore[no-untyped-call] # the SDK leaves it untyped
    sent, expected = recorder.sent
    keys = [one.headers.pop(RANDOM, "") for one in (sent, expected)]
    assert [len(key) for key in keys] == ([36, 36] if method == "post" else [0, 0])
    assert sent == expected


async def test_what_is_repeated_keeps_its_idempotency_key_and_what_is_not_gets_another(
    api: tuple[str, Recorder],
) -> None:
    url, recorder = api
    recorder.sent.clear()
    recorder.statuses = [500]
    client = StripeClient(KEY, url, Timings(), Metrics())
    try:
        await client.request("post", "/v1/customers")
        await client.request("post", "/v1/customers")
        await client.request("post", "/v1/customers", idempotency_key="mine")
    finally:
        await client.aclose()
    keys = [one.headers[RANDOM] for one in recorder.sent]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3
    assert keys[3] == "mine"


async def test_further_tries_end_with_the_deadline(api: tuple[str, Recorder]) -> None:
    url, recorder = api
    recorder.sent.clear()
    recorder.statuses = [500] * 99
    timings = Timings(stripe_network_retries=99, stripe_deadline_seconds=0.2)
    client = StripeClient(KEY, url, timings, Metrics())
    try:
        with pytest.raises(TimeoutError):
            await client.request("get", "/v1/events")
    finally:
        await client.aclose()
        recorder.statuses.clear()
    assert 1 < len(recorder.sent) < 99


@pytest.mark.parametrize("key", ["a\r\nX: 1", "a\n", "a\0"])
async def test_no_key_begins_another_header(api: tuple[str, Recorder], key: str) -> None:
    url, recorder = api
    recorder.sent.clear()
    client = StripeClient(KEY, url, Timings(), Metrics())
    try:
        with pytest.raises(ValueError, match="would hold a line break"):
            await client.request("post", "/v1/customers", idempotency_key=key)
    finally:
        await client.aclose()
    assert not recorder.sent
