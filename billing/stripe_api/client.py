"""Sends what Stripe's SDK would send, and reads errors as it does, without its cost.

The SDK puts the headers together anew for each request, and formats each for a log that nobody
keeps: two thirds of its CPU time. Here it does so once, for a request that is not sent.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import aiohttp
import stripe
from multidict import CIMultiDict
from yarl import URL

from billing import __version__
from billing.domain.logged_request import THIS_APP, Try
from billing.json_codec import dumps
from billing.stripe_api.form import encode
from billing.stripe_api.network import connection_failure, proxy_for, trusted_certificates
from billing.stripe_api.response import Response
from billing.stripe_api.sent_request import SentRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from billing.metrics.registry import Metrics
    from billing.stripe_api.sent_request import RecordRequest
    from billing.timings import Timings

CONNECTIONS = 256
IDEMPOTENCY_KEY = "Idempotency-Key"
JSON_PATHS = ("/v2/", "/_control/")  # the latter are the embedded sandbox's own

# Telemetry takes a third of the SDK's CPU time of a request.
stripe.enable_telemetry = False
stripe.set_app_info(THIS_APP, version=__version__)  # what a log of requests calls this app


class StripeClient:
    """Requests on the running event loop, over one pool of connections; close it with ``aclose``.
    ``record`` is called with each once it has ended, however it did.

    Raises ``NotConfigured`` when the proxy or the certificates of the environment are unusable.
    """

    def __init__(
        self,
        key: str,
        api_base: str,
        timings: Timings,
        metrics: Metrics,
        record: RecordRequest | None = None,
    ) -> None:
        is_secure = api_base.startswith("https:")
        self._api_base = api_base
        self._retries = timings.stripe_network_retries
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=CONNECTIONS,
                ssl=trusted_certificates(stripe.ca_bundle_path) if is_secure else True,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            proxy=proxy_for(api_base),
            timeout=aiohttp.ClientTimeout(total=timings.stripe_attempt_seconds),
        )
        self._http = _HTTPClient(self._session, metrics, api_base)
        self._record = record
        self._rehearsal = _Rehearsal()
        self._sdk = stripe.StripeClient(key, http_client=self._rehearsal)
        self._headers: dict[str, CIMultiDict[str]] = {}

    async def request(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
    ) -> Response:
        """The response to ``method`` (``get``, ``post``, ``delete``) on a path of the API, which is
        sent JSON below one of ``JSON_PATHS`` and otherwise a form; repeated as the SDK does where
        that is safe, under one idempotency key.

        Raises ``stripe.APIConnectionError`` or ``aiohttp.ClientError`` where none came.
        """
        url, headers = f"{self._api_base}{path}", self._headers_of(method)
        form = encode(params) if params else ""
        body: bytes | None = None
        if method == "post":
            headers = headers.copy()
            headers[IDEMPOTENCY_KEY] = idempotency_key or str(uuid.uuid4())
            body = form.encode()
            if path.startswith(JSON_PATHS):
                headers["Content-Type"] = "application/json"
                body = dumps(params).encode() if params else b""
        elif form:
            url = f"{url}?{form}"
        response: Response | None = None
        tries: list[Try] = []
        context = _tries.set(tries)
        at, started = time.time(), time.perf_counter()
        try:
            response, *_ = await self._http.request_with_retries_async(
                method,
                _parsed(url),  # type: ignore[arg-type] # handed on as it is
                headers,
                body,
                self._retries,
            )
        finally:
            _tries.reset(context)
            if self._record is not None:
                seconds = time.perf_counter() - started
                sent = SentRequest(
                    at,
                    method,
                    path,
                    params,
                    headers.get(IDEMPOTENCY_KEY),
                    idempotency_key is None,
                    headers["Stripe-Version"],
                    seconds,
                    tries,
                    *((None, {}, b"") if response is None else response.received),
                )
                self._record(sent)
        return response

    def error(self, response: Response) -> stripe.StripeError:
        """The SDK's exception for a response that is an error."""
        # Made from what it can count on.
        body = dumps({"error": response.error or {}}).encode()
        self._rehearsal.answer = body, response.status, response.headers
        try:
            self._sdk.raw_request("get", "/v1")
        except stripe.StripeError as error:
            return error
        return stripe.APIError(http_status=response.status, headers=dict(response.headers))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._session.close()

    def _headers_of(self, method: str) -> CIMultiDict[str]:
        """Those of every such request, but for the idempotency key."""
        if method not in self._headers:
            self._rehearsal.answer = b"null", 200, {}
            self._sdk.raw_request(method, "/v1")
            self._headers[method] = CIMultiDict(self._rehearsal.headers)
        return self._headers[method]


class _Rehearsal(stripe.HTTPClient):
    """Sends nothing: notes the headers of a request, and gives the SDK an ``answer`` to read."""

    name = stripe.AIOHTTPClient.name  # which the headers name

    def __init__(self) -> None:
        super().__init__()
        self.headers: Mapping[str, str] = {}
        self.answer: tuple[bytes, int, Mapping[str, str]] = b"null", 200, {}

    def request_with_retries(  # type: ignore[override] # only the headers are of interest
        self, _method: str, _url: str, headers: Mapping[str, str], *_args: Any, **_options: Any
    ) -> Any:
        self.headers = headers
        return self.answer


class _HTTPClient(stripe.AIOHTTPClient):
    """Answers with a ``Response``, notes each try, and counts what is sent again."""

    def __init__(self, session: aiohttp.ClientSession, metrics: Metrics, api_base: str) -> None:
        super().__init__(session=session)
        self._aiohttp = session
        self._metrics = metrics
        self._api_base = api_base

    def _sleep_time_seconds(self, num_retries: int) -> float:
        self._metrics.stripe_retries.inc()  # the SDK asks before each
        return super()._sleep_time_seconds(num_retries)

    async def request_async(
        self, method: str, url: str | URL, headers: Mapping[str, str], post_data: object = None
    ) -> Any:
        started = time.perf_counter()
        try:
            response, body = await self._attempt(method, url, headers, post_data)
        except BaseException as error:
            _note_try(None, started, self._failure(error))
            raise
        _note_try(response.status, started)
        if response.status == 429:
            self._metrics.stripe_rate_limited.inc()
        return (
            Response.of(response.status, response.headers, body),
            response.status,
            response.headers,
        )

    async def _attempt(
        self, method: str, url: str | URL, headers: Mapping[str, str], post_data: object
    ) -> tuple[aiohttp.ClientResponse, bytes]:
        try:
            response = await self._aiohttp.request(method, url, headers=headers, data=post_data)
        except Exception as error:  # noqa: BLE001 - as the SDK's own
            self._handle_request_error(error)
        try:
            return response, await response.content.read()
        except BaseException:
            response.close()
            raise

    def _failure(self, error: BaseException) -> str:
        """Why no answer came, in a word or two."""
        if isinstance(error, asyncio.CancelledError):
            return "given up"
        failure = connection_failure(error.__cause__ or error, self._api_base)
        return str(failure.unreachable)


# Of the request that is being sent.
_tries: ContextVar[list[Try]] = ContextVar("tries")


def _note_try(status: int | None, started: float, failure: str = "") -> None:
    _tries.get().append(Try(status, time.perf_counter() - started, failure))


_parsed = lru_cache(maxsize=256)(URL)
