"""A fake Stripe that costs as little as it can, so that what is measured is its caller.

``python -m benchmarks.stripe.server`` listens on a free port of 127.0.0.1 and prints its base URL.
It answers ``POST`` and ``GET /v1/checkout/sessions``, ``GET /v1/prices/{id}``, ``GET /v1/events``,
the lists of what follows a sale (which are empty) and what belongs to a session, by its id, each
after the delay set by ``POST /_delay?ms=100``.
``POST /_history?sessions=10000`` gives it a history to list; ``GET /_count`` tells how often each
was called.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import Counter
from email.utils import formatdate
from typing import cast
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httptools

from benchmarks.stripe.answers import Answers
from benchmarks.stripe.history import History
from benchmarks.stripe.objects import retrieved
from benchmarks.support.event_loop import run

AFTER_SALE = (  # nothing became of what was sold
    *("/v1/subscriptions", "/v1/invoices", "/v1/refunds", "/v1/disputes", "/v1/customers"),
)
OF_A_SESSION = re.compile(r"cs_\w+")
EMPTY_LIST = b'{"object":"list","has_more":false,"data":[]}'
CREATE = "POST /v1/checkout/sessions"
LIST = "GET /v1/checkout/sessions"
EVENTS = "GET /v1/events"
RETRIEVE = "GET /v1/checkout/sessions/{id}"
ACCOUNT = "GET /v1/account"
PRICE = "GET /v1/prices/{id}"
ACCOUNT_ANSWER = b'{"id": "acct_benchmark", "object": "account"}'

# The headers that Stripe sends with an answer: reading them is part of its callers' work.
HEADERS = (
    "HTTP/1.1 {status}\r\n"
    "Server: nginx\r\n"
    "Date: {date}\r\n"
    "Content-Type: application/json\r\n"
    "Content-Length: {length}\r\n"
    "Connection: keep-alive\r\n"
    "Access-Control-Allow-Credentials: true\r\n"
    "Access-Control-Allow-Methods: GET, HEAD, PUT, PATCH, POST, DELETE\r\n"
    "Access-Control-Allow-Origin: *\r\n"
    "Access-Control-Expose-Headers: Request-Id, Stripe-Manage-Version,"
    " Stripe-Should-Retry, X-Stripe-External-Auth-Required\r\n"
    "Access-Control-Max-Age: 300\r\n"
    "Cache-Control: no-cache, no-store\r\n"
    "Content-Security-Policy: base-uri 'none'; default-src 'none'; form-action 'none';"
    " frame-ancestors 'none'; img-src 'self'; script-src 'self' 'report-sample';"
    " style-src 'self'\r\n"
    "Request-Id: req_{number:014d}\r\n"
    "Stripe-Version: 2026-10-28.endive\r\n"
    "Vary: Origin\r\n"
    "X-Stripe-Routing-Context-Priority-Tier: api-testmode\r\n"
    "Strict-Transport-Security: max-age=63072000; includeSubDomains; preload\r\n"
    "\r\n"
)
UNKNOWN = b'{"error": {"type": "invalid_request_error", "message": "Unrecognized request"}}'


class FakeStripe:
    """The answers, the delay before each, and how often each was asked for."""

    def __init__(self) -> None:
        self.delay_seconds = 0.0
        self.calls: Counter[str] = Counter()
        self._answers = Answers()
        self._history = History(0, 0)
        self._number = 0
        self._date = formatdate(usegmt=True)

    def answer(self, method: str, target: str) -> tuple[bytes, float]:
        """The whole answer as bytes, and how many seconds it is to be held back."""
        path = target.partition("?")[0]
        self._number += 1
        match method, path:
            case "POST", "/v1/checkout/sessions":
                self.calls[CREATE] += 1
                body: bytes | None = self._answers.new_session(self._number)
            case "GET", "/v1/checkout/sessions":
                self.calls[LIST] += 1
                query = dict(parse_qsl(urlsplit(target).query))
                body = (
                    self._history.page(query) if len(self._history) else self._answers.session_list
                )
            case "GET", "/v1/events":
                self.calls[EVENTS] += 1
                body = self._answers.no_events
            case "GET", _ if path in AFTER_SALE:
                body = EMPTY_LIST
            case "GET", "/v1/account":
                self.calls[ACCOUNT] += 1
                body = ACCOUNT_ANSWER
            case "POST", "/_history":
                count = int(parse_qs(urlsplit(target).query)["sessions"][0])
                self._history = History(count, int(time.time()))
                self.calls.clear()
                return self._framed(b"{}"), 0
            case "GET", "/_count":
                return self._framed(json.dumps(self.calls).encode()), 0
            case "POST", "/_delay":
                milliseconds = parse_qs(urlsplit(target).query)["ms"][0]
                self.delay_seconds = float(milliseconds) / 1000
                return self._framed(b"{}"), 0
            case "GET", _ if path.startswith("/v1/prices/"):
                self.calls[PRICE] += 1
                body = self._answers.price(path.removeprefix("/v1/prices/"))
            case "GET", _ if path.startswith("/v1/checkout/sessions/cs_") and path.count("/") == 4:
                self.calls[RETRIEVE] += 1
                body = self._history.session(path.rpartition("/")[2], target)
            case "GET", _:
                kind = path.rpartition("/")[0]
                self.calls[f"GET {OF_A_SESSION.sub('{id}', kind)}/…"] += 1
                body = retrieved(path)
            case _:
                body = None
        if body is None:
            return self._framed(UNKNOWN, "404 Not Found"), self.delay_seconds
        return self._framed(body), self.delay_seconds

    def _framed(self, body: bytes, status: str = "200 OK") -> bytes:
        head = HEADERS.format(status=status, date=self._date, length=len(body), number=self._number)
        return head.encode() + body


class Connection(asyncio.Protocol):
    """One keep-alive connection; requests on it come one after the other."""

    def __init__(self, stripe: FakeStripe) -> None:
        self._stripe = stripe
        self._parser = httptools.HttpRequestParser(self)
        self._target = b""
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._transport.close()

    def on_message_begin(self) -> None:
        self._target = b""

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_message_complete(self) -> None:
        answer, delay = self._stripe.answer(
            self._parser.get_method().decode(), self._target.decode()
        )
        if delay:
            self._loop.call_later(delay, self._send, answer)
        else:
            self._send(answer)

    def _send(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


async def serve() -> None:
    stripe = FakeStripe()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(stripe), "127.0.0.1", 0, backlog=1024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    run(serve())
