"""Two dashboards behind nginx on PostgreSQL, restarted one after the other under 200 webhooks a
second and with 20 pages open: is anything lost, granted twice, or a page gone for long?"""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.support.tables import number, print_table
from benchmarks.webhooks.acknowledged import postgresql
from tests.support.servers.processes.rolling import restart_under_load

UNIQUE, QUICK_UNIQUE = 6_000, 600
PER_SECOND = 200
PAGES = 20


def measure(*, quick: bool) -> None:
    """Print what came of it. Fails when an acknowledged event is gone or was never handled."""
    unique = QUICK_UNIQUE if quick else UNIQUE
    with postgresql() as url, tempfile.TemporaryDirectory() as folder:
        restarted = restart_under_load(
            url, Path(folder), unique=unique, per_second=PER_SECOND, pages=PAGES
        )
    outcome = restarted.outcome
    assert not outcome.forgotten, f"{len(outcome.forgotten)} acknowledged events are gone"
    assert not outcome.unsettled, f"{len(outcome.unsettled)} events were never settled"
    print_table(
        f"Rolling restart: {unique:,} events at {PER_SECOND} a second, {PAGES} pages open",
        ("", "figure"),
        [
            ("deliveries", number(outcome.deliveries)),
            ("refused and repeated", number(outcome.redeliveries)),
            ("slowest answer, s", number(restarted.slowest_delivery, 1)),
            ("paid", number(outcome.paid)),
            ("granted", number(outcome.granted)),
            ("lost", number(len(outcome.lost))),
            ("twice or wrong", number(len(outcome.unasked | outcome.wrong))),
            ("restarts", number(outcome.kills)),
            ("longest end of a dashboard, s", number(max(restarted.stop_seconds), 1)),
            ("connections of pages that ended", number(len(restarted.outages))),
            ("longest until a page was shown again, s", number(max(restarted.outages), 1)),
        ],
    )
