"""Serves an ASGI app on a free local port, in a thread of its own, as a real server would."""

from __future__ import annotations

import asyncio
import io
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import uvicorn
from uvicorn.config import WSProtocolType

STARTS_WITHIN = 30.0
STOPS_WITHIN = 15.0
GRACE = 0.5  # seconds for requests that are being answered when the server is to end
TICK = 1.0
GLANCE = 0.002


def free_port() -> int:
    """A port of this machine that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class _Server(uvicorn.Server):
    """Says when it has started, or has given up trying; ends without uvicorn's pauses of 0.1 s,
    of which each of the many servers would meet two or three."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.settled = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self.settled.set()

    async def main_loop(self) -> None:
        while not await self.on_tick(0) and not self._end.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._end.wait(), TICK)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002
        for server in self.servers:
            server.close()
        await self._close_connections()
        await self.lifespan.shutdown()
        # One that was accepted as the server closed is made only after it; left open, it keeps
        # uvloop from closing.
        await self._close_connections()

    async def _close_connections(self) -> None:
        """Let requests end for ``GRACE`` seconds, then end them."""
        state = self.server_state
        deadline = time.monotonic() + GRACE
        while (state.connections or state.tasks) and time.monotonic() < deadline:
            for connection in list(state.connections):
                connection.shutdown()
            await asyncio.sleep(GLANCE)
        for task in state.tasks:
            task.cancel()
        for connection in list(state.connections):
            connection.transport.abort()
        await asyncio.sleep(GLANCE)

    def run_to_the_end(self, listener: socket.socket) -> None:
        try:
            self.run(sockets=[listener])
        finally:
            self.settled.set()

    def end(self) -> None:
        """Have it shut down. Call it from another thread."""
        if self._loop is not None:
            with suppress(RuntimeError):  # it has ended by itself
                self._loop.call_soon_threadsafe(self._end.set)

    def what_runs(self) -> str:
        """The stacks of its thread's tasks and of all threads, for whoever has to find out."""
        report = io.StringIO()
        for task in asyncio.all_tasks(self._loop) if self._loop else ():
            task.print_stack(file=report)
        for name, frame in sys._current_frames().items():
            report.write(f"Thread {name}:\n{''.join(traceback.format_stack(frame))}")
        return report.getvalue()


def listening_socket() -> socket.socket:
    """A socket that listens on a free port of 127.0.0.1; `getsockname()[1]` is the port."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    return listener


@contextmanager
def serving(
    app: Callable[..., Any],
    listener: socket.socket | None = None,
    *,
    ws: WSProtocolType = "none",
    ssl_certfile: str | None = None,
    prepare: Callable[[uvicorn.Config], None] = lambda _: None,
) -> Iterator[str]:
    """The app's base URL, without a slash at the end, while it is served.

    Pass a `listening_socket()` when the app has to know its own address beforehand. `prepare`
    may change the loaded configuration. With `ssl_certfile` (key and chain) it is served by TLS.
    """
    with listener or listening_socket() as bound:
        config = uvicorn.Config(
            app,
            interface="asgi3",  # not found out: middleware need be no coroutine function
            log_config=None,
            log_level="warning",  # Streamlit lowers it once it has run a page
            ws=ws,
            lifespan="auto",
            ssl_certfile=ssl_certfile,
        )
        config.load()
        prepare(config)
        server = _Server(config)
        thread = threading.Thread(target=server.run_to_the_end, args=(bound,), daemon=True)
        thread.start()
        server.settled.wait(STARTS_WITHIN)
        if not server.started:
            raise RuntimeError("The server did not start: see the log above.")
        try:
            scheme = "https" if ssl_certfile else "http"
            yield f"{scheme}://127.0.0.1:{bound.getsockname()[1]}"
        finally:
            server.end()
            thread.join(STOPS_WITHIN)
            if thread.is_alive():
                raise RuntimeError(f"The server did not stop. {server.what_runs()}")
