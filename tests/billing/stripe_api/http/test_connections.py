"""Requests over connections that stay open, to a server that answers as a test says."""

from __future__ import annotations

import asyncio
import zlib
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import aiohttp
import pytest
from yarl import URL

from billing.stripe_api.http.connections import Connections
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("anyio_backend", [("asyncio", {"use_uvloop": True}), "asyncio"]),
]

REQUEST = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CLOSES = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
NOTHING, END = b"", b"end"


class Server:
    """Answers each request with the next of ``answers``: ``OK`` when there is none, nothing for
    ``NOTHING``, and closes the connection after what ends with ``END``."""

    def __init__(self) -> None:
        self.answers: list[bytes] = []
        self.opened = 0
        self.closed = 0
        self.asked = asyncio.Event()
        self.writers: list[asyncio.StreamWriter] = []

    async def has_closed(self, connections: int) -> bool:
        return self.closed == connections

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        self.writers.append(writer)
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                self.asked.set()
                answer = self.answers.pop(0) if self.answers else OK
                writer.write(answer.removesuffix(END))
                await writer.drain()
                if answer.endswith(END):
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.closed += 1
            writer.close()


@asynccontextmanager
async def serving(most: int = 4) -> AsyncIterator[tuple[Server, Connections]]:
    server = Server()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    connections = Connections(URL(f"http://127.0.0.1:{port}"), None, None, most)
    try:
        yield server, connections
    finally:
        await connections.aclose()
        listening.close()
        await until(partial(server.has_closed, server.opened))


async def ask(
    connections: Connections, *, seconds: float = 10.0, repeats: bool = False
) -> tuple[int, bytes]:
    received = await connections.send(REQUEST, seconds=seconds, repeats=repeats)
    return received.status, received.body


async def test_one_connection_serves_one_request_after_the_other() -> None:
    async with serving() as (server, connections):
        for _ in range(3):
            assert await ask(connections) == (200, b"ok")
        assert server.opened == 1


async def test_headers_are_found_in_any_case() -> None:
    async with serving() as (server, connections):
        server.answers = [
            b"HTTP/1.1 429 Too Many\r\nREQUEST-id: req_1\r\nContent-Length: 0\r\n\r\n"
        ]
        received = await connections.send(REQUEST, seconds=10.0, repeats=False)
        assert (received.status, received.headers["Request-Id"]) == (429, "req_1")
        assert "stripe-should-retry" not in received.headers


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"abcde"),
        (b"\r\nto the end" + END, b"to the end"),
        (b"Content-Encoding: gzip\r\n\r\n" + zlib.compress(b"a" * 99, wbits=31) + END, b"a" * 99),
        (b"Content-Encoding: deflate\r\n\r\n" + zlib.compress(b"b" * 99) + END, b"b" * 99),
        (
            b"Content-Encoding: deflate\r\n\r\n" + zlib.compress(b"c" * 99, wbits=-15) + END,
            b"c" * 99,
        ),
    ],
    ids=["in chunks", "to the end", "gzip", "deflate", "deflate without a head"],
)
async def test_a_body_is_read_however_it_is_sent(answer: bytes, body: bytes) -> None:
    async with serving() as (server, connections):
        server.answers = [b"HTTP/1.1 200 OK\r\n" + answer]
        assert await ask(connections) == (200, body)
        assert await ask(connections) == (200, b"ok")


async def test_what_only_announces_an_answer_is_none() -> None:
    async with serving() as (server, connections):
        server.answers = [b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" + OK]
        received = await connections.send(REQUEST, seconds=10.0, repeats=False)
        assert (received.status, received.body) == (200, b"ok")
        assert "link" not in received.headers


@pytest.mark.parametrize(
    "answer",
    [
        END,
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok" + END,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab" + END,
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok",
    ],
    ids=["none", "too short", "no last chunk", "not HTTP", "another protocol", "not gzip"],
)
async def test_half_an_answer_is_none(answer: bytes) -> None:
    async with serving() as (server, connections):
        server.answers = [answer]
        with pytest.raises(aiohttp.ClientError):
            await ask(connections)
        assert await ask(connections) == (200, b"ok")
        assert server.opened == 2


async def test_a_connection_that_the_server_closes_is_not_used_again() -> None:
    async with serving() as (server, connections):
        server.answers = [CLOSES]
        assert await ask(connections) == (200, b"ok")
        assert await ask(connections) == (200, b"ok")
        server.writers[-1].close()
        await until(partial(server.has_closed, 2))
        assert await ask(connections) == (200, b"ok")
        assert server.opened == 3


async def test_what_may_be_repeated_is_when_an_old_connection_ends_and_nothing_else() -> None:
    async with serving() as (server, connections):
        assert await ask(connections) == (200, b"ok")
        server.answers = [END]
        assert await ask(connections, repeats=True) == (200, b"ok")
        server.answers = [END]
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await ask(connections)


async def test_more_than_a_connection_was_asked_for_ends_it() -> None:
    async with serving() as (server, connections):
        server.answers = [OK + OK]
        assert await ask(connections) == (200, b"ok")
        assert await ask(connections) == (200, b"ok")
        assert server.opened == 2


async def test_an_answer_that_does_not_come_in_time_ends_its_connection() -> None:
    async with serving() as (server, connections):
        server.answers = [NOTHING]
        with pytest.raises(TimeoutError):
            await ask(connections, seconds=0.05)
        await until(partial(server.has_closed, 1))


async def test_a_request_that_is_given_up_ends_its_connection() -> None:
    async with serving() as (server, connections):
        server.answers = [NOTHING]
        asking = asyncio.create_task(ask(connections))
        await server.asked.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await until(partial(server.has_closed, 1))
        assert await ask(connections) == (200, b"ok")


async def test_there_are_so_many_connections_and_no_more() -> None:
    async with serving(most=2) as (server, connections):
        assert await asyncio.gather(*(ask(connections) for _ in range(9))) == [(200, b"ok")] * 9
        assert server.opened == 2
        server.answers = [NOTHING, NOTHING]
        silent = [asyncio.create_task(ask(connections)) for _ in range(2)]
        with pytest.raises(TimeoutError):
            await ask(connections, seconds=0.05)
        for one in silent:
            one.cancel()
        await asyncio.gather(*silent, return_exceptions=True)
        assert await ask(connections) == (200, b"ok")


async def test_a_connection_that_is_not_used_for_long_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("billing.stripe_api.http.connections.IDLE_SECONDS", 0.01)
    async with serving() as (server, connections):
        assert await ask(connections) == (200, b"ok")
        await until(partial(server.has_closed, 1))
