"""Many idle tabs of the billing page on one process: what they cost while nothing happens, and how
soon each of them shows a payment.

``python -m benchmarks.pages.tabs --pages 1000 --seconds 300``, or ``python -m benchmarks tabs``.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING, Any

import requests

from benchmarks.support.processes import first_line, running
from benchmarks.support.tables import number, print_table
from benchmarks.support.usage import held, usage
from tests.support.servers.dashboard import dashboard

if TYPE_CHECKING:
    import subprocess

    from tests.support.servers.dashboard import Process

PAGES, QUICK_PAGES = 1_000, 50
SECONDS, QUICK_SECONDS = 60.0, 10.0
PAYMENTS = 3
QUIET_SECONDS = 15.0  # after the pages have opened and after a payment: what follows from it ends


def measure(*, quick: bool) -> None:
    """Print the table; with ``quick`` for few pages and a short time."""
    print_tabs(QUICK_PAGES if quick else PAGES, QUICK_SECONDS if quick else SECONDS)


def print_tabs(pages: int, seconds: float) -> None:
    """For so many ``pages``, idle for so many ``seconds``."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-tabs-") as folder,
        dashboard(Path(folder), anew=True) as app,
    ):
        before = held(app.pid)
        alone = cpu_share(app, seconds)
        with running("-m", "benchmarks.pages.open_pages", app.url, str(pages)) as tabs:
            assert first_line(tabs) == "open"
            time.sleep(QUIET_SECONDS)
            now = held(app.pid)
            idle = cpu_share(app, seconds)
            delays = [pay(app, tabs) for _ in range(PAYMENTS)]
    print_table(
        f"{pages:,} tabs of the billing page, idle for {seconds:.0f} s",
        ("", "no tab", f"{pages:,} tabs", "a tab more"),
        [
            ["CPU, % of a core", *shares(alone, idle), number((idle - alone) / pages * 100, 4)],
            [
                *("memory, MiB", number(before.rss_mib), number(now.rss_mib)),
                f"{(now.rss_mib - before.rss_mib) * 1024 / pages:.0f} KiB",
            ],
        ],
    )
    print_table(
        f"A payment's row in each of the {pages:,} tabs, seconds after it",
        ("payment", "first", "median", "95 %", "last"),
        [[str(count), *summary(one)] for count, one in enumerate(delays, 1)],
    )


def shares(alone: float, idle: float) -> tuple[str, str]:
    return number(alone * 100, 1), number(idle * 100, 1)


def cpu_share(app: Process, seconds: float) -> float:
    """How much of a core the process takes."""
    started, before = time.monotonic(), usage(app.pid).cpu_seconds
    time.sleep(seconds)
    return (usage(app.pid).cpu_seconds - before) / (time.monotonic() - started)


def pay(app: Process, tabs: subprocess.Popen[str]) -> list[float]:
    """Pay a session; how long it took each tab to show it."""
    session = requests.post(f"{app.url}/api/billing/extra-credits", timeout=30).json()["id"]
    time.sleep(QUIET_SECONDS)
    email = f"payer-{time.monotonic_ns()}@example.com"
    assert tabs.stdin is not None
    print(email, file=tabs.stdin, flush=True)
    paid_at = time.time()
    paid = requests.post(
        f"{app.url}/sandbox/_control/sessions/{session}/pay",
        json={"email": email, "name": "A payer", "card": "4242424242424242"},
        headers={"Authorization": "Bearer sk_test_bench"},
        timeout=30,
    )
    paid.raise_for_status()
    shown: list[Any] = json.loads(first_line(tabs))
    time.sleep(QUIET_SECONDS)
    return [at - paid_at for at in shown]


def summary(delays: list[float]) -> tuple[str, ...]:
    ordered = sorted(delays)
    cuts = quantiles(ordered, n=20)
    return tuple(number(one, 2) for one in (ordered[0], cuts[9], cuts[18], ordered[-1]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=PAGES)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    asked = parser.parse_args()
    print_tabs(asked.pages, asked.seconds)
