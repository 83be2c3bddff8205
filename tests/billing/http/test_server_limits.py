"""The web server's limits, tried with raw bytes over real connections."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from websockets.sync.client import connect

from billing.http.server_limits import (
    MAX_HEADER_BYTES,
    RESERVED_FILES,
    ServerLimits,
    set_limits,
)
from tests.support.servers.server import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.websockets import WebSocket

PATIENCE = 30.0
SHORT = 0.3  # seconds instead of 30 for a request to arrive


async def size(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


async def slowly(_request: Request) -> Response:
    """Takes three times as long to answer as a request may take to arrive."""

    async def pieces() -> AsyncIterator[str]:
        for _ in range(6):
            await asyncio.sleep(SHORT / 2)
            yield "."

    return StreamingResponse(pieces())


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(text)


@contextmanager
def limited(**limits: Any) -> Iterator[str]:
    """A server with these limits, at the address."""
    app = Starlette(
        routes=[
            Route("/size", size, methods=["GET", "POST"]),
            Route("/slowly", slowly),
            WebSocketRoute("/echo", echo),
        ]
    )

    def prepare(config: uvicorn.Config) -> None:
        set_limits(config, 1024, ServerLimits(**limits))

    with serving(app, ws="websockets-sansio", prepare=prepare) as address:
        yield address


@pytest.fixture
def url() -> Iterator[str]:
    with limited() as address:
        yield address


@pytest.fixture
def hasty_url() -> Iterator[str]:
    with limited(request_seconds=SHORT) as address:
        yield address


@contextmanager
def connection(url: str) -> Iterator[socket.socket]:
    parts = urlsplit(url)
    with closing(socket.create_connection((parts.hostname, parts.port or 0), PATIENCE)) as opened:
        yield opened


def rest(opened: socket.socket) -> bytes:
    """Everything that still comes, until the server closes the connection."""
    answer = b""
    try:
        while piece := opened.recv(65_536):
            answer += piece
    except ConnectionResetError:
        pass
    return answer


def answer_to(url: str, sent: bytes) -> bytes:
    with connection(url) as opened:
        opened.sendall(sent)
        return rest(opened)


GET = b"GET /size HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
POST = b"POST /size HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        GET + b"X: " + b"a" * MAX_HEADER_BYTES,
        b"GET /" + b"a" * MAX_HEADER_BYTES,
        GET + b"X: a\r\n" * (MAX_HEADER_BYTES // 6),
        POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: " + b"a" * 400_000,
        POST + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"a" * 400_000,
    ],
    ids=["one long line", "a long path", "many lines", "after the body", "between the chunks"],
)
def test_a_header_of_more_than_64_kib_is_answered_431_before_it_ends(url: str, sent: bytes) -> None:
    answer = answer_to(url, sent)
    assert answer.startswith(b"HTTP/1.1 431 ")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/json" in head
    assert "65536" in json.loads(body)["error"]


def test_a_header_just_below_the_limit_and_a_large_body_are_taken(url: str) -> None:
    head = POST + b"Content-Length: 1000000\r\nX: "
    head += b"a" * (MAX_HEADER_BYTES - len(head) - 5) + b"\r\n\r\n"
    assert len(head) == MAX_HEADER_BYTES - 1
    assert answer_to(url, head + b"b" * 1_000_000).endswith(b"\r\n\r\n1000000")


def test_a_body_in_small_chunks_may_have_more_chunk_lines_than_a_header_may_have_bytes(
    url: str,
) -> None:
    sent = POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 50_000 + b"0\r\n\r\n"
    assert answer_to(url, sent).endswith(b"\r\n\r\n50000")


def test_many_requests_on_one_connection_are_not_added_up(url: str) -> None:
    request = b"GET /size HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 30_000 + b"\r\n\r\n"
    with connection(url) as opened:
        for _ in range(5):
            opened.sendall(request)
            assert opened.recv(65_536).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "sent",
    [b"", b"\r\n", b"GET /si", GET + b"X: a", POST + b"Content-Length: 5\r\n\r\nfour"],
    ids=["nothing", "an empty line", "half a line", "half a header", "a body one byte short"],
)
def test_a_request_that_does_not_arrive_in_time_is_answered_408_and_closed(
    hasty_url: str, sent: bytes
) -> None:
    answer = answer_to(hasty_url, sent)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert "did not arrive" in json.loads(answer.partition(b"\r\n\r\n")[2])["error"]


def test_bytes_that_trickle_in_do_not_extend_the_time(hasty_url: str) -> None:
    with connection(hasty_url) as opened:
        opened.sendall(GET)
        opened.settimeout(SHORT / 10)
        for _ in range(1_000):
            try:
                opened.sendall(b"X: a\r\n")
                answer = opened.recv(65_536)
            except TimeoutError:
                continue
            assert answer.startswith(b"HTTP/1.1 408 ")
            return
    pytest.fail("The connection stayed open")


def test_an_answer_and_a_websocket_take_longer_than_a_request_may(hasty_url: str) -> None:
    answer = answer_to(hasty_url, GET.replace(b"/size", b"/slowly") + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"0\r\n\r\n")
    with connect(f"{hasty_url.replace('http', 'ws')}/echo") as websocket:
        with pytest.raises(TimeoutError):
            websocket.recv(timeout=SHORT * 2)
        websocket.send("still here")
        assert websocket.recv(timeout=PATIENCE) == "still here"


def test_connections_over_the_limit_are_answered_503_and_those_far_over_it_are_closed() -> None:
    with (
        limited(max_connections=3, max_refusals=1) as url,
        connection(url) as one,
        connection(url) as two,
    ):
        for held in (one, two):
            held.sendall(GET.replace(b"close", b"keep-alive") + b"\r\n")
            assert held.recv(65_536).startswith(b"HTTP/1.1 200 ")
        with connection(url) as third:
            third.sendall(GET + b"\r\n")
            assert rest(third).startswith(b"HTTP/1.1 503 ")
        with connection(url), connection(url):
            assert answer_to(url, GET + b"\r\n") == b""


def test_the_limits_leave_room_for_a_thousand_pages_where_files_may_be_open() -> None:
    config = uvicorn.Config("app")
    set_limits(config, open_files=65_536)
    assert config.limit_concurrency is not None
    assert config.limit_concurrency >= 1_000 * 1.5
    set_limits(config, open_files=1_024)
    assert config.limit_concurrency == 1_024 - RESERVED_FILES
