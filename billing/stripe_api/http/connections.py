"""Requests to one server over connections that stay open.

aiohttp opens them, as it knows names, proxies and TLS. What goes over them is written and read
here: its session, which is made for any server and any body, takes four times as much CPU.
"""

from __future__ import annotations

import asyncio
import zlib
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

import aiohttp
import httptools

from billing.stripe_api.http.headers import Headers

if TYPE_CHECKING:
    from ssl import SSLContext

    from yarl import URL

IDLE_SECONDS = 15.0  # after which a connection is closed, as the server may be about to


class Received(NamedTuple):
    """An answer, its body decompressed."""

    status: int
    headers: Headers
    body: bytes


class Connections:
    """``most`` connections at once to the server of ``url``, on the running event loop; whoever
    asks for more waits. Close them with ``aclose``."""

    def __init__(
        self, url: URL, proxy: URL | None, certificates: SSLContext | None, most: int
    ) -> None:
        self._url = url
        self._proxy = proxy
        self._connector = aiohttp.TCPConnector(limit=0, ssl=certificates or True)
        self._free = asyncio.Semaphore(most)
        self._idle: deque[_Connection] = deque()  # the one that was used last is the last
        self._closing: asyncio.TimerHandle | None = None

    @property
    def headers(self) -> dict[str, str]:
        """Those with which aiohttp would begin each request, whatever it is."""
        headers = {
            "Host": self._url.host_port_subcomponent or "",
            "Accept": "*/*",
            "Accept-Encoding": "gzip, deflate",
        }
        if self._proxy is not None and self._proxy.user and self._url.scheme == "http":
            sign_in = aiohttp.encode_basic_auth(
                self._proxy.user, self._proxy.password or "", "latin1"
            )
            headers["Proxy-Authorization"] = sign_in
        return headers

    async def send(self, request: bytes, *, seconds: float, repeats: bool) -> Received:
        """The answer to a ``request``, which is written as it is. ``repeats``: it may be sent again
        over a new connection, where the server has just closed an old one.

        Raises ``TimeoutError`` after so many ``seconds``, and ``aiohttp.ClientError`` where no
        answer came for another reason.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        if self._free.locked():
            async with asyncio.timeout_at(deadline):
                await self._free.acquire()
        else:
            await self._free.acquire()
        try:
            if (connection := self._used()) is not None:
                try:
                    return await self._exchanged(connection, request, deadline)
                except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                    if not repeats:
                        raise
            async with asyncio.timeout_at(deadline):
                connection = await self._open()
            return await self._exchanged(connection, request, deadline)
        finally:
            self._free.release()

    async def aclose(self) -> None:
        """Close the connections, and wait until they are."""
        if self._closing is not None:
            self._closing.cancel()
        self._idle.clear()
        await self._connector.close()

    async def _exchanged(
        self, connection: _Connection, request: bytes, deadline: float
    ) -> Received:
        received = await connection.exchange(request, deadline)
        if connection.is_open:
            self._idle.append(connection)
            if self._closing is None:
                self._closing = connection.loop.call_later(IDLE_SECONDS, self._close_idle)
        return received

    def _used(self) -> _Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                return connection
        return None

    async def _open(self) -> _Connection:
        loop = asyncio.get_running_loop()
        request = aiohttp.ClientRequest("GET", self._url, loop=loop, proxy=self._proxy)
        timeout = aiohttp.ClientTimeout(total=None)  # whoever waits has one
        opened = await self._connector.connect(request, [], timeout)
        return _Connection(opened, loop)

    def _close_idle(self) -> None:
        loop = asyncio.get_running_loop()
        while self._idle and self._idle[0].used_at < loop.time() - IDLE_SECONDS:
            self._idle.popleft().close()
        self._closing = loop.call_later(IDLE_SECONDS, self._close_idle) if self._idle else None


class _Connection(asyncio.Protocol):
    """One connection, and its one request at a time."""

    def __init__(
        self, opened: aiohttp.connector.Connection, loop: asyncio.AbstractEventLoop
    ) -> None:
        assert opened.transport is not None  # noqa: S101 - until it is closed
        assert opened.protocol is not None  # noqa: S101 - likewise
        self.loop = loop
        self.is_open = True
        self.used_at = 0.0
        self._opened = opened
        self._handler = opened.protocol  # whose end aiohttp waits for
        self._transport = opened.transport
        self._transport.set_protocol(self)
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[Received] | None = None
        self._headers: dict[bytes, bytes] = {}
        self._body: list[bytes] = []
        self._has_head = False

    async def exchange(self, request: bytes, deadline: float) -> Received:
        """What the server answers. A connection that is not open any more is of no further use."""
        answer = self._answer = self.loop.create_future()
        timer = self.loop.call_at(deadline, self._fail, TimeoutError())
        try:
            self._transport.write(request)
            received: Received = await answer
        except BaseException:
            self.close()  # an answer may be on its way that nobody waits for any more
            raise
        finally:
            timer.cancel()
        return received

    def close(self) -> None:
        """Close it."""
        self.is_open = False
        self._opened.close()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(aiohttp.ClientPayloadError(f"The answer is not HTTP: {error}"))

    def connection_lost(self, error: Exception | None) -> None:
        self._handler.connection_lost(error)
        if error is None and self._has_head and not self._says_where_it_ends():
            self._finish()
        elif isinstance(error, OSError):
            self._fail(aiohttp.ClientOSError(*error.args))
        else:
            self._fail(aiohttp.ServerDisconnectedError())
        self.close()

    def on_message_begin(self) -> None:
        if self._answer is None:
            self.close()  # nothing was asked
        self._headers, self._body, self._has_head = {}, [], False

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.setdefault(name.lower(), value)

    def on_headers_complete(self) -> None:
        self._has_head = True

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() >= 200:  # else it only announces one
            self._finish()

    def _finish(self) -> None:
        answer, self._answer = self._answer, None
        self._has_head = False
        if answer is None or answer.done():
            return
        headers = Headers(self._headers)
        try:
            body = _decompressed(b"".join(self._body), headers.get("content-encoding", ""))
        except zlib.error as error:
            self.close()
            answer.set_exception(aiohttp.ClientPayloadError(str(error)))
            return
        if self._parser.should_keep_alive():
            self.used_at = self.loop.time()
        else:
            self.close()
        answer.set_result(Received(self._parser.get_status_code(), headers, body))

    def _fail(self, error: Exception) -> None:
        answer, self._answer = self._answer, None
        self.close()
        if answer is not None and not answer.done():
            answer.set_exception(error)

    def _says_where_it_ends(self) -> bool:
        return b"content-length" in self._headers or b"transfer-encoding" in self._headers


def _decompressed(body: bytes, encoding: str) -> bytes:
    match encoding.strip().lower():
        case "gzip" | "x-gzip":
            return zlib.decompress(body, zlib.MAX_WBITS | 16)
        case "deflate":
            try:
                return zlib.decompress(body)
            except zlib.error:
                return zlib.decompress(body, -zlib.MAX_WBITS)  # as some servers send it
    return body
