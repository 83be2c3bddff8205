"""Life goes on after the sale while the server is killed again and again: is the ledger right?

Refunds, disputes, renewals and cancellations happen in a real sandbox, months pass, and the events
of each time arrive shuffled, 30 % of them twice or late by months, while the next already happen.
In the end every subject of the ledger is compared with an oracle that asks the sandbox alone.
"""

from __future__ import annotations

import asyncio
import logging
import random
import tempfile
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr
from sqlalchemy import select

from benchmarks.ledger.lives import Lives
from benchmarks.ledger.oracle import due_by_subject
from benchmarks.support.tables import number, print_table
from benchmarks.webhooks.acknowledged import postgresql, sqlite_file
from billing.domain.ledger.line import Cause, Due, total
from billing.domain.sessions.checkout_session import Kind
from billing.store import Store, tables
from billing.store.ledger import lines
from pages.scenarios.sandbox_client import Controls
from stripe_sandbox.sandbox import Sandbox, SandboxConfig
from tests.support.database.records import states
from tests.support.servers.processes.billing_process import Processes
from tests.support.servers.processes.killing import SETTLED, Delivery, all_processed
from tests.support.servers.server import listening_socket, serving
from tests.support.stripe.sandbox_server import price_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from benchmarks.ledger.lives import JSON
    from billing.domain.ledger.line import LedgerLine

UNIQUE, KILL_EVERY, WAVES = 10_000, 200, 20
QUICK_UNIQUE, QUICK_KILL_EVERY, QUICK_WAVES = 600, 100, 5
DUPLICATES = 0.3
CONNECTIONS = 32
SEED = 1
PRICES = {Kind.PRO: "price_pro_monthly", Kind.CREDITS: "price_extra_credit"}  # their settings


@dataclass
class Outcome:
    """What came of it. ``differences`` name the subjects whose sum is not the oracle's,
    ``repeated`` those with more than one purchase."""

    events: int
    deliveries: int
    kills: int
    sales: int
    causes: int
    lines: int
    differences: dict[str, str]
    repeated: set[str]
    seconds: float


def measure(*, quick: bool) -> None:
    """Print the table. Fails when a sum of the ledger differs from the oracle's."""
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)  # connections break off on purpose
    unique = QUICK_UNIQUE if quick else UNIQUE
    rows = []
    for name, database in (("SQLite", sqlite_file), ("PostgreSQL", postgresql)):
        with database() as url, tempfile.TemporaryDirectory() as folder:
            kill_every = QUICK_KILL_EVERY if quick else KILL_EVERY
            waves = QUICK_WAVES if quick else WAVES
            rows.append(row(name, live(url, Path(folder), unique, kill_every, waves)))
    print_table(
        f"Ledger: {unique:,} events of sales and what became of them, while the server is killed",
        [
            *("", "events", "deliveries", "kills", "sales", "lines", "causes"),
            *("differences", "bought twice", "seconds"),
        ],
        rows,
    )


def row(name: str, outcome: Outcome) -> list[str]:
    assert not outcome.differences, outcome.differences
    figures = (
        outcome.events,
        outcome.deliveries,
        outcome.kills,
        outcome.sales,
        outcome.lines,
        outcome.causes,
        len(outcome.differences),
        len(outcome.repeated),
        outcome.seconds,
    )
    return [name, *(number(figure) for figure in figures)]


def live(database_url: str, folder: Path, unique: int, kill_every: int, waves: int) -> Outcome:
    """Let the sales live, deliver their events, and compare."""
    started = time.monotonic()
    with _sandbox(folder) as (stripe_url, prices):
        controls = Controls(f"{stripe_url}/_control")
        lives = Lives(controls, prices, random.Random(SEED))  # noqa: S311 - it is no secret
        settings = {PRICES[kind]: price for kind, price in prices.items()}
        log_file = folder / "server.log"
        with Processes(stripe_url, database_url, log_file, prices=settings) as servers:
            run = _Run(servers, kill_every)
            asyncio.run(run.deliver_waves(lives, unique, waves))
            servers.kill_one()
        with Processes(stripe_url, database_url, log_file, prices=settings) as servers:
            found = asyncio.run(_ledger(servers))
        oracle = due_by_subject(controls.stripe)
    sums = {subject: total(some) for subject, some in found.items()}
    causes = {subject: [line.cause for line in some] for subject, some in found.items()}
    return Outcome(
        events=run.events,
        deliveries=run.deliveries,
        kills=run.kills + 1,
        sales=lives.sales,
        causes=len(set().union(*causes.values())),
        lines=sum(map(len, found.values())),
        differences={
            name: f"{sums.get(name)} by {causes.get(name)} instead of {oracle.get(name)}"
            for name in sums.keys() | oracle.keys()
            if sums.get(name, Due(0)) != oracle.get(name, Due(0))
        },
        repeated={name for name, some in causes.items() if some.count(Cause.PURCHASE) > 1},
        seconds=time.monotonic() - started,
    )


class _Run:
    """Delivers what happens, wave by wave; each while the next one happens."""

    def __init__(self, servers: Processes, kill_every: int) -> None:
        self.events = 0
        self.deliveries = 0
        self.kills = 0
        self._servers = servers
        self._chance = random.Random(SEED)  # noqa: S311 - an order is no secret
        self._kill_every = kill_every
        self._known: list[JSON] = []

    async def deliver_waves(self, lives: Lives, unique: int, waves: int) -> None:
        size = -(-unique // waves)
        wave = await asyncio.to_thread(lives.go_on, size)
        while wave:
            self.events += len(wave)
            delivering = asyncio.create_task(self._deliver(wave))
            left = unique - self.events
            wave = await asyncio.to_thread(lives.go_on, min(size, left)) if left > 0 else []
            await delivering

    async def _deliver(self, wave: list[JSON]) -> None:
        self._known += wave
        arriving = wave + self._chance.sample(self._known, int(DUPLICATES * len(wave)))
        self._chance.shuffle(arriving)
        delivery = Delivery(self._servers, deque(arriving), self._intervals())
        await delivery.run(CONNECTIONS)
        self.deliveries += len(arriving) + delivery.repeated
        self.kills += delivery.kills

    def _intervals(self) -> Iterator[int]:
        """How many acknowledgements lie between two kills: at random, so many on average."""
        while True:
            yield self._chance.randint(1, 2 * self._kill_every)


@contextmanager
def _sandbox(folder: Path) -> Iterator[tuple[str, dict[Kind, str]]]:
    """A sandbox that delivers nothing itself; its address, and its Prices."""
    listener = listening_socket()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    sandbox = Sandbox(SandboxConfig(database=folder / "sandbox.sqlite3", base_url=url))
    with serving(sandbox.asgi, listener):
        pro = price_of(sandbox, "pro", "Pro plan", 9900, "month")
        prices = {Kind.PRO: pro, Kind.CREDITS: price_of(sandbox, "credit", "Credit", 99)}
        yield url, prices


async def _ledger(servers: Processes) -> dict[str, tuple[LedgerLine, ...]]:
    """All lines by their subject, once every event is processed."""
    store = Store(SecretStr(servers.database_url))

    def read(connection: Connection) -> dict[str, tuple[LedgerLine, ...]]:
        subjects = connection.scalars(select(tables.ledger.c.subject).distinct())
        return lines.of_subjects(connection, list(subjects))

    try:
        await all_processed(servers, store)
        counts = await states(store)
        assert counts.keys() <= SETTLED, f"Not every event was processed: {counts}"
        return await store.read(read)
    finally:
        store.close()
