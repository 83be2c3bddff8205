"""The product's server in processes that can be killed: the routes, with all that runs behind.

The processes are forked from one that has the code loaded, so that a restart takes a moment. They
share one listening socket, as workers behind one address do.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import stripe
import uvicorn

from tests.support.servers.billing_server import billing_app
from tests.support.servers.processes.forking import fork
from tests.support.servers.server import listening_socket
from tests.support.servers.services import quick_services
from tests.support.servers.settings import settings_for
from tests.support.servers.timings import SDK_DELAY

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Callable
    from multiprocessing.context import ForkServerProcess
    from pathlib import Path

    from starlette.applications import Starlette

BACKLOG = 256
STEP_SECONDS = 1.0
STOPS_WITHIN = 30.0


class ServerEnded(RuntimeError):
    """A server has ended without being asked to; says what it printed."""


@dataclass
class Processes:
    """``count`` servers on one address, at ``url``. Use it as a context. ``prices`` are the
    settings that name the Prices, where those of the fake Stripe are not meant."""

    stripe_url: str
    database_url: str
    log_file: Path
    count: int = 1
    prices: dict[str, str] = field(default_factory=dict)
    listener: socket.socket = field(default_factory=listening_socket)
    _running: list[ForkServerProcess] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def __enter__(self) -> Processes:
        self.log_file.touch()
        self.listener.listen(BACKLOG)
        for _ in range(self.count):
            self.start()
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running:
            process.terminate()
        for process in self._running:
            process.join(STOPS_WITHIN)
            if process.exitcode is None:
                process.kill()
                process.join()
            process.close()
        self._running.clear()
        self.listener.close()

    def start(self) -> None:
        """One more; who connects meanwhile waits until it answers."""
        arguments = (self.listener, self.stripe_url, self.database_url, self.prices)
        self._running.append(fork(_logged, self.log_file, serve, *arguments))

    def kill_one(self) -> None:
        """SIGKILL the one that has run longest."""
        process = self._running.pop(0)
        process.kill()
        process.join()
        if process.exitcode != -signal.SIGKILL:
            raise self._ended(process)
        process.close()

    def check(self) -> None:
        """Raise ``ServerEnded`` when one no longer runs: who waits for it would wait for ever."""
        for process in list(self._running):
            if process.exitcode is not None:
                raise self._ended(process)

    def _ended(self, process: ForkServerProcess) -> ServerEnded:
        printed = self.log_file.read_text(errors="replace")
        return ServerEnded(f"A server ended by itself ({process.exitcode}):\n{printed}")


def _logged(log_file: Path, serving: Callable[..., None], *arguments: object) -> None:
    with log_file.open("a") as log:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(log.fileno(), stream.fileno())
    logging.basicConfig(level=logging.WARNING)
    serving(*arguments)


def serve(
    listener: socket.socket, stripe_url: str, database_url: str, prices: dict[str, str]
) -> None:
    """Serve on the socket until told to stop (SIGTERM) or killed."""
    stripe.HTTPClient.INITIAL_DELAY = SDK_DELAY
    services = quick_services(
        settings_for(stripe_url, database_url, **prices), sync_step_seconds=STEP_SECONDS
    )

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with services.running():
            yield

    app = billing_app(services, lifespan)
    config = uvicorn.Config(app, log_config=None, access_log=False, ws="none", lifespan="on")
    uvicorn.Server(config).run(sockets=[listener])
