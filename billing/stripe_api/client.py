"""Sends what Stripe's SDK would send, and reads errors as it does, without its cost.

The SDK puts the headers together anew for each request, and formats each for a log that nobody
keeps: two thirds of its CPU time. Here it does so once, for a request that is not sent.
"""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import stripe
from yarl import URL

from billing import __version__
from billing.domain.logged_request import THIS_APP, Try
from billing.json_codec import dumps
from billing.stripe_api.form import encode
from billing.stripe_api.http.connections import Connections
from billing.stripe_api.http.network import connection_failure, proxy_for, trusted_certificates
from billing.stripe_api.response import Response
from billing.stripe_api.sent_request import SentRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from billing.metrics.registry import Metrics
    from billing.stripe_api.sent_request import RecordRequest
    from billing.timings import Timings

CONNECTIONS = 256
JSON_PATHS = ("/v2/", "/_control/")  # the latter are the embedded sandbox's own
NO_HEADER = re.compile(r"[\r\n\0]")  # it would end the header and begin another

# Telemetry takes a third of the SDK's CPU time of a request.
stripe.enable_telemetry = False
stripe.set_app_info(THIS_APP, version=__version__)  # what a log of requests calls this app


class _Head(NamedTuple):
    """The headers of all requests of a kind, as they are sent."""

    lines: bytes
    api_version: str
    is_json: bool


@dataclass(slots=True)
class _Sending:
    """A request that is being sent: its tries, and when it is given up (time of the loop)."""

    deadline: float
    tries: list[Try] = field(default_factory=list)


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
        proxy = proxy_for(api_base)
        self._api_base = api_base
        self._retries = timings.stripe_network_retries
        self._deadline = timings.stripe_deadline_seconds
        self._asked_proxy = None if is_secure else proxy  # one that is asked for the whole URL
        self._connections = Connections(
            URL(api_base),
            proxy,
            trusted_certificates(stripe.ca_bundle_path) if is_secure else None,
            CONNECTIONS,
        )
        seconds = timings.stripe_attempt_seconds
        self._http = _HTTPClient(self._connections, seconds, metrics, api_base)
        self._record = record
        self._rehearsal = _Rehearsal()
        self._sdk = stripe.StripeClient(key, http_client=self._rehearsal)
        self._heads: dict[tuple[str, bool], _Head] = {}

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

        Raises ``stripe.APIConnectionError`` where none came, and ``TimeoutError`` where none came
        within ``stripe_deadline_seconds``, further tries included.
        """
        head = self._head_of(method, is_json=path.startswith(JSON_PATHS))
        target, key, own, body = path, None, b"", b""
        if method == "post":
            key = idempotency_key or str(uuid.uuid4())
            own = _header("Idempotency-Key", key)
            body = (dumps if head.is_json else encode)(params).encode() if params else b""
        elif params:
            target = f"{path}?{encode(params)}"
        if method != "get":
            own += _header("Content-Length", str(len(body)))
        request = b"".join((self._first_line(method, target), head.lines, own, b"\r\n", body))
        response: Response | None = None
        sending = _Sending(asyncio.get_running_loop().time() + self._deadline)
        context = _sending.set(sending)
        at, started = time.time(), time.perf_counter()
        try:
            response, *_ = await self._http.request_with_retries_async(
                method, path, {}, request, self._retries
            )
        finally:
            _sending.reset(context)
            if self._record is not None:
                seconds = time.perf_counter() - started
                sent = SentRequest(
                    at,
                    method,
                    path,
                    params,
                    key,
                    idempotency_key is None,
                    head.api_version,
                    seconds,
                    sending.tries,
                    response,
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
        await self._connections.aclose()

    def _first_line(self, method: str, target: str) -> bytes:
        url = _parsed(f"{self._api_base}{target}")
        asked = str(url) if self._asked_proxy else url.raw_path_qs
        return f"{method.upper()} {asked} HTTP/1.1\r\n".encode()

    def _head_of(self, method: str, *, is_json: bool) -> _Head:
        """Of every such request, but for the idempotency key and the length of its body."""
        head = self._heads.get((method, is_json))
        if head is None:
            self._rehearsal.answer = b"null", 200, {}
            self._sdk.raw_request(method, "/v1")
            headers = self._connections.headers | dict(self._rehearsal.headers)
            headers.pop("Idempotency-Key", None)
            is_json = is_json and method == "post"
            if is_json:
                headers["Content-Type"] = "application/json"
            lines = b"".join(_header(name, value) for name, value in headers.items())
            head = _Head(lines, headers["Stripe-Version"], is_json)
            self._heads[method, is_json] = head
        return head


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

    def __init__(
        self, connections: Connections, seconds: float, metrics: Metrics, api_base: str
    ) -> None:
        super().__init__()
        self._connections = connections
        self._seconds = seconds
        self._metrics = metrics
        self._api_base = api_base

    def _sleep_time_seconds(self, num_retries: int) -> float:
        self._metrics.stripe_retries.inc()  # the SDK asks before each
        return super()._sleep_time_seconds(num_retries)

    async def sleep_async(self, secs: float) -> None:
        left = _seconds_until(_sending.get().deadline)
        await asyncio.sleep(min(secs, left))
        if secs >= left:
            raise TimeoutError

    async def request_async(
        self, method: str, _url: str, _headers: Mapping[str, str], post_data: Any = None
    ) -> Any:
        """``post_data`` is the whole request."""
        started = time.perf_counter()
        sending = _sending.get()
        left = _seconds_until(sending.deadline)
        try:
            status, headers, body = await self._connections.send(
                post_data, seconds=min(self._seconds, left), repeats=method != "post"
            )
        except BaseException as error:
            seconds = time.perf_counter() - started
            sending.tries.append(Try(None, seconds, self._failure(error)))
            is_last = isinstance(error, TimeoutError) and left <= self._seconds
            if isinstance(error, Exception) and not is_last:
                self._handle_request_error(error)
            raise
        sending.tries.append(Try(status, time.perf_counter() - started, ""))
        if status == 429:
            self._metrics.stripe_rate_limited.inc()
        return Response.of(status, headers, body), status, headers

    def _failure(self, error: BaseException) -> str:
        """Why no answer came, in a word or two."""
        if isinstance(error, asyncio.CancelledError):
            return "given up"
        failure = connection_failure(error.__cause__ or error, self._api_base)
        return str(failure.unreachable)


_sending: ContextVar[_Sending] = ContextVar("sending")


def _seconds_until(deadline: float) -> float:
    return deadline - asyncio.get_running_loop().time()


def _header(name: str, value: str) -> bytes:
    if NO_HEADER.search(value):
        raise ValueError(f"The header {name} would hold a line break.")
    return f"{name}: {value}\r\n".encode()


_parsed = lru_cache(maxsize=256)(URL)
