"""Two dashboards behind nginx on one PostgreSQL, restarted one after the other under load.

``restart_under_load`` is for tests and benchmarks alike.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections import deque
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from itertools import repeat
from typing import TYPE_CHECKING

from aiolimiter import AsyncLimiter
from websockets.exceptions import WebSocketException

from tests.support.browsers.page_socket import page_socket, run_page
from tests.support.nginx import nginx
from tests.support.servers.dashboard import Process, dashboard
from tests.support.servers.processes.killing import Delivery, Outcome, Story, settled
from tests.support.servers.server import free_port
from tests.support.servers.settings import SECRET
from tests.support.stripe_account import StripeAccount

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    import aiohttp

PAGES = ("billing", "sessions", "events", "customers")
RECONNECTS_AFTER = 0.1
CONNECTIONS = 32


@dataclass
class Dashboards:
    """Two dashboards at the one address ``url``. Use it as a context. ``stop_seconds`` are what
    each took from SIGTERM to its end."""

    database_url: str
    stripe_url: str
    folder: Path
    url: str = ""
    stop_seconds: list[float] = field(
        default_factory=list
    )  # that each took from SIGTERM to its end
    _stack: ExitStack = field(default_factory=ExitStack)
    _running: deque[tuple[int, Process, ExitStack]] = field(default_factory=deque)
    _stopped: int = 0

    def __enter__(self) -> Dashboards:
        port, *behind = (free_port() for _ in range(3))
        self.url = self._stack.enter_context(nginx(port, (behind[0], behind[1])))
        for one in behind:
            self._start(one)
        return self

    def __exit__(self, *_raised: object) -> None:
        for _, _, started in self._running:
            started.close()
        self._stack.close()

    def kill_one(self) -> None:
        """SIGTERM to the one that has run longest, and wait for its end."""
        port, process, own = self._running.popleft()
        self.stop_seconds.append(process.stop())
        own.close()
        self._stopped = port

    def start(self) -> None:
        """The one that was stopped, again; returns when it serves."""
        self._start(self._stopped)

    def check(self) -> None:
        """Raises when one has ended by itself."""
        for _, process, _ in tuple(self._running):
            if process.running.exitcode is not None:
                raise RuntimeError(f"A dashboard ended by itself:\n{process.log}")

    def _start(self, port: int) -> None:
        folder = self.folder / str(port)
        folder.mkdir(exist_ok=True)
        settings = {
            "DATABASE_URL": self.database_url,
            "STRIPE_API_BASE": self.stripe_url,
            "STRIPE_SECRET_KEY": "sk_test_of_the_tests",
            "STRIPE_WEBHOOK_SECRET": SECRET,
            "STRIPE_PRICE_PRO_MONTHLY": "price_pro",
            "STRIPE_PRICE_EXTRA_CREDIT": "price_credit",
            "PINGPOINT_PUBLIC_URL": self.url,
            "BILLING_ALLOW_ANONYMOUS": "1",
        }
        own = ExitStack()
        process = own.enter_context(dashboard(folder, settings, port=port))
        self._running.append((port, process, own))


class OpenPage(threading.Thread):
    """A page that is open, and connects again as browsers do when its connection ends.

    ``outages`` are the seconds from each end of a connection until the page was shown again."""

    def __init__(self, url: str, page: str) -> None:
        super().__init__(daemon=True)
        self.outages: list[float] = []
        self.shown = threading.Event()
        self._url = url
        self._page = page
        self._closing = threading.Event()

    def run(self) -> None:
        lost_at: float | None = None
        while not self._closing.is_set():
            with suppress(WebSocketException, OSError, EOFError), page_socket(self._url) as socket:
                run_page(socket, self._page)
                if lost_at is not None:
                    self.outages.append(time.monotonic() - lost_at)
                    lost_at = None
                self.shown.set()
                while not self._closing.is_set():
                    with suppress(TimeoutError):
                        socket.recv(timeout=1.0)
            self.shown.clear()
            lost_at = lost_at or time.monotonic()
            self._closing.wait(RECONNECTS_AFTER)

    def close(self) -> None:
        self._closing.set()


class PacedDelivery(Delivery):
    """So many deliveries a second, as far as the servers keep up."""

    def __init__(self, *arguments: Any, per_second: float) -> None:
        super().__init__(*arguments)
        self._pace = AsyncLimiter(1, 1 / per_second)
        self.slowest = 0.0

    async def _accepted(self, http: aiohttp.ClientSession, event: dict[str, Any]) -> bool:
        async with self._pace:
            started = time.monotonic()
            accepted = await super()._accepted(http, event)
            self.slowest = max(self.slowest, time.monotonic() - started)
            return accepted


@dataclass(frozen=True)
class RollingRestart:
    """``outages`` are the seconds for which each page was not connected, each time;
    ``stop_seconds`` what each dashboard took from SIGTERM to its end."""

    outcome: Outcome
    outages: list[float]
    stop_seconds: list[float]
    slowest_delivery: float


def restart_under_load(
    database_url: str,
    folder: Path,
    *,
    unique: int,
    per_second: float,
    pages: int,
    duplicates: float = 0.3,
    seed: int = 1,
) -> RollingRestart:
    """Deliver ``unique`` events and a share of duplicates at a steady rate, with ``pages`` open,
    while each of two dashboards is restarted once."""
    chance = random.Random(seed)  # noqa: S311 - an order is no secret
    account = StripeAccount()
    account.lists_nothing_new = True
    story = Story(account)
    story.fill(unique, chance)
    arriving = story.deliveries(duplicates, chance)
    with account.serve() as stripe_url, Dashboards(database_url, stripe_url, folder) as servers:
        opened = [OpenPage(servers.url, PAGES[number % len(PAGES)]) for number in range(pages)]
        for page in opened:
            page.start()
        for page in opened:
            assert page.shown.wait(60), "A page was not shown"
        delivery = PacedDelivery(
            servers, deque(arriving), _twice(len(arriving) // 3), per_second=per_second
        )
        asyncio.run(delivery.run(CONNECTIONS))
        for page in opened:
            assert page.shown.wait(60), "A page was not shown again"
        for page in opened:
            page.close()
        outcome = asyncio.run(settled(servers, story, delivery.acknowledged))
    outcome.deliveries = len(arriving)
    outcome.redeliveries = delivery.repeated
    outcome.kills = delivery.kills
    outages = [seconds for page in opened for seconds in page.outages]
    return RollingRestart(outcome, outages, servers.stop_seconds, delivery.slowest)


def _twice(interval: int) -> Iterator[int]:
    """After so many acknowledgements the first, after as many again the second, and no more."""
    yield from (interval, interval)
    yield from repeat(1 << 30)
