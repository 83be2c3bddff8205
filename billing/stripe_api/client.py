"""The SDK's client: one pool of connections, no telemetry, faster JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp
import stripe
from multidict import CIMultiDict

from billing.json_codec import dumps, loads
from billing.stripe_api.network import proxy_for, trusted_certificates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from billing.metrics.registry import Metrics
    from billing.timings import Timings

CONNECTIONS = 256
NULL_BODY = b"null"
UNREADABLE = object()  # in place of a document: the body was no JSON
EXCERPT_BYTES = 80  # bytes of a body that is none of Stripe's
MAX_NAMES = 5
ERROR = ("type", "code", "message", "param")

# Telemetry takes a third of the SDK's CPU time of a request.
stripe.enable_telemetry = False


def create_client(
    key: str, api_base: str, timings: Timings, metrics: Metrics
) -> tuple[stripe.StripeClient, aiohttp.ClientSession]:
    """A client on the running event loop, and the connections to close in the end.

    Raises ``NotConfigured`` when the proxy or the certificates of the environment are unusable.
    """
    is_secure = api_base.startswith("https:")
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=CONNECTIONS,
            ssl=trusted_certificates(stripe.ca_bundle_path) if is_secure else True,
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        proxy=proxy_for(api_base),
    )
    client = stripe.StripeClient(
        key,
        base_addresses={"api": api_base},
        max_network_retries=timings.stripe_network_retries,
        http_client=_HTTPClient(
            timeout=aiohttp.ClientTimeout(total=timings.stripe_attempt_seconds),
            session=session,
            metrics=metrics,
        ),
    )
    return client, session


def document(response: Any) -> Any:
    """The JSON value that came, whatever it is: of a response of ``create_client``'s client."""
    return response.headers.document


def description(source: Any) -> str:
    """The body in a few words, without personal data: of a response or an exception of
    ``create_client``'s client."""
    headers: _Headers = source.headers
    found = headers.document
    if found is UNREADABLE or headers.is_error:
        return headers.excerpt or "an empty body"
    if isinstance(found, dict):
        return f"an object with {', '.join(list(found)[:MAX_NAMES])}" if found else "{}"
    return "a list" if isinstance(found, list) and found else dumps(found)[:EXCERPT_BYTES]


def is_stripe_error(error: Any) -> bool:
    """Whether the error's body is one of Stripe's. https://docs.stripe.com/api/errors"""
    return _error_in(error.headers.document) is not None


class _HTTPClient(stripe.AIOHTTPClient):
    """Parses JSON itself. The SDK would first format the body for a debug log, personal data
    included, and then parse it five times as slowly. Counts what is sent again."""

    def __init__(self, *, metrics: Metrics, **options: Any) -> None:
        super().__init__(**options)
        self._metrics = metrics

    def _sleep_time_seconds(self, num_retries: int) -> float:
        self._metrics.stripe_retries.inc()  # the SDK asks before each
        return super()._sleep_time_seconds(num_retries)

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: object = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        body, status, answered = await super().request_async(method, url, headers, post_data)
        if status == 429:
            self._metrics.stripe_rate_limited.inc()
        read = _Headers(answered, body, is_error=status >= 400)
        if not read.is_error:
            return NULL_BODY, status, read
        # The SDK makes the exception, from what it can count on.
        return dumps({"error": _error_in(read.document) or {}}).encode(), status, read


def _error_in(answer: Any) -> dict[str, str] | None:
    """The ``error`` object of an answer; None when it is not one of Stripe's."""
    match answer:
        case {"error": dict(error)}:
            fields = {name: error[name] for name in ERROR if isinstance(error.get(name), str)}
            return fields if "type" in fields or "message" in fields else None
    return None


class _Headers(CIMultiDict[str]):
    """Carry the parsed body, as the SDK hands nothing else of a response on."""

    def __init__(self, headers: Mapping[str, str], body: bytes, *, is_error: bool) -> None:
        super().__init__(headers)
        self.is_error = is_error
        self.excerpt = body[:EXCERPT_BYTES].decode(errors="replace")
        try:
            self.document = loads(body)
        except ValueError:
            self.document = UNREADABLE
