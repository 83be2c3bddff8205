"""A shuffled burst of events with duplicates on the whole app, until all are processed, beside
dj-stripe's webhook on the same database and the same Stripe."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, text

from benchmarks.peers.djstripe_app import djstripe_app
from benchmarks.report.figures import RUNS, THIS_APP, Section, absolute, goal, interleaved
from benchmarks.stripe.process import fake_stripe
from benchmarks.support.dashboard_process import dashboard
from benchmarks.support.processes import first_line, running
from benchmarks.support.tally import Load
from benchmarks.webhooks.acknowledged import postgresql, sqlite_file
from benchmarks.webhooks.events import PATH, SECRET

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

DATABASES = {"SQLite": sqlite_file, "PostgreSQL": postgresql}
WANTED = {"SQLite": 20.0, "PostgreSQL": 10.0}
DJSTRIPE = "dj-stripe 2.11"
EVENTS, DJSTRIPE_EVENTS = 5_000, 700
QUICK_EVENTS, QUICK_DJSTRIPE_EVENTS = 1_000, 100
AGAIN = 0.3  # of the events, a second time
LOOK_AGAIN_SECONDS = 0.02
LONGEST_SECONDS = 300.0
PROCESSED, ACKNOWLEDGED, SLOWEST = "processed a second", "acknowledged a second", "p99 ms"


def section(quick: bool) -> Section:
    """Rates and the slowest answers on both engines."""
    events, few = (QUICK_EVENTS, QUICK_DJSTRIPE_EVENTS) if quick else (EVENTS, DJSTRIPE_EVENTS)
    rows: dict[str, Callable[[], dict[str, float]]] = {}
    for engine, database in DATABASES.items():
        rows[f"{THIS_APP}, {engine}"] = partial(this_app, database, events)
        rows[f"{DJSTRIPE}, {engine}"] = partial(djstripe, database, few)
    table, left_out = interleaved(rows, 1 if quick else RUNS)
    goals = []
    for engine, wanted in WANTED.items():
        own, peer = f"{THIS_APP}, {engine}", f"{DJSTRIPE}, {engine}"
        name = f"{engine}: processed, of {DJSTRIPE}"
        goals += goal(table, name, (own, PROCESSED), (peer, PROCESSED), at_least=wanted)
        goals += absolute(table, f"{engine}: p99", (own, SLOWEST), "ms", at_most=60)
    about = (
        f"{events:,} events, {AGAIN:.0%} of them sent twice, shuffled, over 32 connections, to the "
        "app as it is started, pages and all; a delivery counts as processed once no event is "
        f"pending. dj-stripe gets {few:,} in the same way, behind gunicorn, and processes each "
        "before it answers."
    )
    return Section("Webhooks, the whole app", about, table, goals, left_out)


def this_app(database: Callable[[], AbstractContextManager[str]], events: int) -> dict[str, float]:
    with (
        fake_stripe() as stripe,
        database() as url,
        dashboard(stripe.url, DATABASE_URL=url, STRIPE_WEBHOOK_SECRET=SECRET) as app,
    ):
        stripe.set_history(events)
        load = sent(app.url, events, PATH)
        answered = time.perf_counter()
        wait_until_processed(url, events)
        took = load.seconds + time.perf_counter() - answered
    return figures(load, took)


def djstripe(database: Callable[[], AbstractContextManager[str]], events: int) -> dict[str, float]:
    with (
        fake_stripe() as stripe,
        database() as url,
        djstripe_app(stripe.url, url) as server,
    ):
        stripe.set_history(events)
        load = sent(server.url, events, server.path)
    return figures(load, load.seconds)


def sent(url: str, events: int, path: str) -> Load:
    """What the deliveries came to; raises when one was not acknowledged."""
    arguments = (
        *("-m", "benchmarks.webhooks.load", url, "--unique", str(events)),
        *("--again", str(round(events * AGAIN)), "--path", path),
    )
    with running(*arguments) as process:
        load = Load.from_json(first_line(process))
    assert not load.errors, f"{load.errors} deliveries were not acknowledged"
    return load


def wait_until_processed(database: str, events: int) -> None:
    """Return once the database holds so many events and none is pending; raises on a failed one."""
    deadline = time.monotonic() + LONGEST_SECONDS
    engine = create_engine(database)
    try:
        while time.monotonic() < deadline:
            with engine.connect() as connection:
                found = connection.execute(
                    text("SELECT state, count(*) FROM events GROUP BY state")
                ).all()
            states = {str(state): int(count) for state, count in found}
            assert "failed" not in states, f"{states['failed']} events failed"
            if sum(states.values()) == events and not states.get("pending"):
                return
            time.sleep(LOOK_AGAIN_SECONDS)
    finally:
        engine.dispose()
    raise RuntimeError(f"Not all events were processed: {states}")


def figures(load: Load, took: float) -> dict[str, float]:
    return {
        PROCESSED: load.sent / took,
        ACKNOWLEDGED: load.per_second,
        SLOWEST: load.p99_ms,
    }
