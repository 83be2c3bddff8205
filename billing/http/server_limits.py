"""The limits of the web server, for which ``streamlit run`` has no options.

Streamlit builds uvicorn's configuration itself, before it imports the launcher. The limits are
therefore set on the running server, before it listens.
"""

from __future__ import annotations

import json
import logging
import signal
import sys
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from billing.http.guards.trusted_proxies import ignore_forwarded_headers
from billing.http.joined_writes import JoinedWrites

if TYPE_CHECKING:
    import asyncio

log = logging.getLogger(__name__)

MAX_HEADER_BYTES = 64 * 1024  # of one request, its request line included
RESERVED_FILES = 256  # open files that are no connections: databases, assets, calls to Stripe
# After which a thread that computes hands over Python's lock, which an answer lets go of at each of
# its system calls.
SWITCH_SECONDS = 0.001
SHUTDOWN_SECONDS = 5  # for requests under way when the server gets its signal to stop


@dataclass(frozen=True)
class ServerLimits:
    """A request arrives within ``request_seconds``. A page keeps two connections open, and a few
    more while it loads; of those over ``max_connections`` the first ``max_refusals`` get an
    answer, 503, and the others are closed."""

    request_seconds: float = 30.0
    max_connections: int = 4_000
    max_refusals: int = 100


DEFAULT_LIMITS = ServerLimits()


def running_server() -> uvicorn.Server | None:
    """The uvicorn server of this process, which owns the SIGTERM handler."""
    owner = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    return owner if isinstance(owner, uvicorn.Server) else None


def configure_running_server(open_files: int) -> None:
    """Set the limits, have no forwarded header believed before ``TrustedProxies`` does, and let no
    other thread hold up the server for long; call it in the lifespan, where the server does not
    listen yet.

    ``open_files`` is how many this process may have open.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    server = running_server()
    if server is None:
        log.warning(
            "The web server was not found, so it runs without limits on its requests and may "
            "believe anybody's forwarded headers"
        )
        return
    set_limits(server.config, open_files)
    ignore_forwarded_headers(server.config)


def set_limits(
    config: uvicorn.Config, open_files: int, limits: ServerLimits = DEFAULT_LIMITS
) -> None:
    """The same for a configuration that has been loaded."""
    config.limit_concurrency = max(1, min(limits.max_connections, open_files - RESERVED_FILES))
    config.timeout_graceful_shutdown = SHUTDOWN_SECONDS
    # uvicorn makes a protocol for each connection, from the class alone.
    config.http_protocol_class = type("HttpProtocol", (BoundedHttpProtocol,), {"limits": limits})


class BoundedHttpProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, with an end to what one connection may send and to its time.

    Too long a header is answered 431, a request that does not arrive in time 408, and then the
    connection is closed. Answers and WebSockets take as long as they take.
    """

    limits = DEFAULT_LIMITS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._header_bytes = 0  # since the last piece of a body, or the last request
        self._past_header = False  # the parser has come upon more than a header
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        limit = self.limit_concurrency
        if limit is not None and len(self.connections) > limit + self.limits.max_refusals:
            transport.abort()
            return
        self._deadline = self.loop.call_later(self.limits.request_seconds, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.limits.request_seconds, self._too_slow)
        while data:
            left = MAX_HEADER_BYTES - self._header_bytes
            piece, data = data[:left], data[left:]
            self._past_header = False
            super().data_received(piece)
            if self.transport.is_closing() or self.transport.get_protocol() is not self:
                return  # refused, or a WebSocket by now
            self._header_bytes = 0 if self._past_header else self._header_bytes + len(piece)
            if self._header_bytes >= MAX_HEADER_BYTES:
                self._refuse(431, f"The header is larger than {MAX_HEADER_BYTES} bytes")
                return

    def on_headers_complete(self) -> None:
        self._past_header = True
        super().on_headers_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        cycle.transport = cast("asyncio.Transport", JoinedWrites(cycle.transport, self.loop))
        super()._start_asgi_task(cycle, app)

    def on_body(self, body: bytes) -> None:
        self._past_header = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._past_header = True
        self._cancel_deadline()
        super().on_message_complete()

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        self._deadline = None
        self._refuse(
            408, f"The request did not arrive within {self.limits.request_seconds:g} seconds"
        )

    def _refuse(self, status: int, message: str) -> None:
        """Answer, unless an answer has begun, and close the connection."""
        if self.transport.is_closing():
            return
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.response_complete or not cycle.response_started:
            body = json.dumps({"error": message}).encode()
            head = (
                f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
                "content-type: application/json\r\n"
                f"content-length: {len(body)}\r\n"
                "connection: close\r\n\r\n"
            )
            self.transport.write(head.encode() + body)
        self.transport.close()
