"""A closed-loop load generator: N keep-alive connections, each sends when it has its answer.

``python -m benchmarks.support.load http://127.0.0.1:8501/api/billing/health`` prints a ``Load`` as
JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

import httptools

from benchmarks.support.event_loop import run
from benchmarks.support.tally import Load, Tally

if TYPE_CHECKING:
    from collections.abc import Callable


class Connection(asyncio.Protocol):
    """One connection of the load. ``closed`` is done when it has nothing more to do, because the
    time is over or ``next_request`` gives None."""

    def __init__(self, next_request: Callable[[], bytes | None], status: int, tally: Tally) -> None:
        self._next_request = next_request
        self._status = status
        self._tally = tally
        self._parser = httptools.HttpResponseParser(self)
        self._started = 0.0
        self._is_waiting = False
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        self._is_waiting = False
        self._tally.add(self._started, failed=self._parser.get_status_code() != self._status)
        if self._tally.is_over or not self._parser.should_keep_alive():
            self._transport.close()
        else:
            self._send()

    def connection_lost(self, _error: Exception | None) -> None:
        if self._is_waiting:
            self._tally.add(self._started, failed=True)
        self.closed.set_result(None)

    def _send(self) -> None:
        request = self._next_request()
        if request is None:
            self._transport.close()
            return
        self._is_waiting = True
        self._started = time.perf_counter()
        self._transport.write(request)


async def load(
    url: str,
    *,
    method: str,
    status: int,
    connections: int,
    warm_up: float,
    seconds: float,
    form: str = "",
    headers: tuple[str, ...] = (),
) -> Load:
    """Load ``url`` with ``connections`` requests at once, each with the same form and headers;
    other statuses than ``status`` fail."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 80
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    lines = [f"{method} {path} HTTP/1.1", f"Host: {parts.netloc}", "Accept: */*", *headers]
    if method == "POST":
        lines.append(f"Content-Length: {len(form)}")
    if form:
        lines.append("Content-Type: application/x-www-form-urlencoded")
    request = "\r\n".join([*lines, "", form]).encode()
    tally = Tally(warm_up, seconds)

    async def keep_one_busy() -> None:
        while not tally.is_over:
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: Connection(lambda: request, status, tally),
                host,
                port,
            )
            await connection.closed

    async with asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(keep_one_busy())
    return tally.load()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Load one URL and print what it came to, as JSON")
    parser.add_argument("url")
    parser.add_argument("--method", default="GET")
    parser.add_argument("--status", type=int, default=200, help="the status that is expected")
    parser.add_argument("--form", default="", help="of ASCII characters, encoded")
    parser.add_argument("--header", action="append", default=[], dest="headers")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--warm-up", type=float, default=1.0)
    parser.add_argument("--seconds", type=float, default=4.0)
    asked = parser.parse_args()
    print(run(load(**vars(asked))).to_json())
