"""How many events a second are on disk and acknowledged: 30 % duplicates, 32 connections.

Ours on SQLite and on PostgreSQL, settling and filling the mirror meanwhile at the rate of Stripe's
sandbox, beside the usual way: one commit for each event.
"""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks.stripe.process import fake_stripe
from benchmarks.support.processes import first_line, result_of, running
from benchmarks.support.tables import number, print_table
from benchmarks.support.tally import Load
from benchmarks.support.usage import usage
from tests.support.database.postgres import Postgres

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def postgresql() -> Iterator[str]:
    """A database on a PostgreSQL that keeps what it commits, until the block is left."""
    server = Postgres("fsync=on")
    try:
        yield server.url(server.create_database())
    finally:
        server.close()


@contextmanager
def sqlite_file() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/events.sqlite3"


def kept(database: str) -> int | None:
    """How many events a SQLite file holds."""
    if not database.startswith("sqlite"):
        return None
    with sqlite3.connect(database.removeprefix("sqlite:///")) as connection:
        count: int = connection.execute("SELECT count(*) FROM events").fetchone()[0]
    connection.close()
    return count


def run_one(way: str, database: str, unique: int) -> tuple[Load, float]:
    """The load, and the server's CPU milliseconds for each delivery."""
    with fake_stripe() as stripe_process:
        stripe_process.set_history(unique)
        command = ("-m", "benchmarks.webhooks.server", way, database, stripe_process.url)
        with running(*command) as server:
            url = first_line(server)
            before = usage(server.pid)
            load = Load.from_json(
                result_of("webhooks.load", url, "--unique", str(unique), timeout=600)
            )
            cpu = usage(server.pid).cpu_seconds - before.cpu_seconds
    assert load.errors == 0, f"{load.errors} deliveries were not acknowledged"
    assert kept(database) in (None, unique), "not every event was kept once"
    return load, cpu / load.sent * 1000


def measure(*, quick: bool) -> None:
    """Print the table."""
    unique = 1_400 if quick else 7_000
    rows, base = [], 0.0
    for name, way, database in (
        ("one commit for each event, SQLite", "naive", sqlite_file),
        ("ours, SQLite", "ours", sqlite_file),
        ("ours, PostgreSQL", "ours", postgresql),
    ):
        with database() as url:
            load, cpu = run_one(way, url, unique)
        base = base or load.per_second
        rows.append(
            [
                name,
                number(load.per_second),
                number(load.median_ms, 1),
                number(load.p95_ms, 1),
                number(cpu, 2),
                number(load.per_second / base, 1),
            ]
        )
    print_table(
        f"Webhooks: {unique:,} events and their duplicates, durable and acknowledged",
        ["", "deliveries/s", "median ms", "p95 ms", "server CPU ms each", "x usual"],
        rows,
    )
