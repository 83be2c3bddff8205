"""The server is killed again and again while events arrive: is each payment granted exactly once?

30 % duplicates, shuffled, over 32 connections; what is not acknowledged is sent again. Beside each
engine the same with a Stripe in trouble, which limits, fails, delays and hangs up.
"""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

from benchmarks.support.tables import number, print_table
from benchmarks.webhooks.acknowledged import postgresql, sqlite_file
from tests.support.servers.processes.killing import TROUBLE, Outcome, kill_while_events_arrive
from tests.support.stripe_account import NO_FAULTS

UNIQUE, KILL_EVERY = 10_000, 200
QUICK_UNIQUE, QUICK_KILL_EVERY = 500, 100


def measure(*, quick: bool) -> None:
    """Print the table. Fails when an acknowledged event is gone or was never settled."""
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)  # connections break off on purpose
    unique, kill_every = (QUICK_UNIQUE, QUICK_KILL_EVERY) if quick else (UNIQUE, KILL_EVERY)
    rows = []
    for name, database, faults in (
        ("SQLite", sqlite_file, NO_FAULTS),
        ("PostgreSQL", postgresql, NO_FAULTS),
        ("SQLite, Stripe in trouble", sqlite_file, TROUBLE),
        ("PostgreSQL, Stripe in trouble", postgresql, TROUBLE),
    ):
        with database() as url, tempfile.TemporaryDirectory() as folder:
            outcome = kill_while_events_arrive(
                url, Path(folder), unique=unique, kill_every=kill_every, faults=faults
            )
        rows.append(row(name, outcome))
    print_table(
        f"Kills: {unique:,} events while the server is killed after every {kill_every} answers",
        [
            *("", "events", "deliveries", "kills", "paid", "granted"),
            *("lost", "twice or wrong", "seconds"),
        ],
        rows,
    )


def row(name: str, outcome: Outcome) -> list[str]:
    assert not outcome.forgotten, f"{len(outcome.forgotten)} acknowledged events are gone"
    assert not outcome.unsettled, f"{len(outcome.unsettled)} events were never settled"
    figures = (
        outcome.events,
        outcome.deliveries + outcome.redeliveries,
        outcome.kills,
        outcome.paid,
        outcome.granted,
        len(outcome.lost),
        len(outcome.unasked | outcome.wrong),
        outcome.arrived_seconds + outcome.settled_seconds,
    )
    return [name, *(number(figure) for figure in figures)]
