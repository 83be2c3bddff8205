"""Many idle tabs of the billing page on one process: what they cost while nothing happens, and how
soon each of them shows a payment; twenty of them in one profile of a real Chromium.

``python -m benchmarks.pages.tabs --pages 1000 --seconds 300``, or ``python -m benchmarks tabs``.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import tempfile
import time
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING, Any

from benchmarks.pages.payment_shown import (
    CHROMIUM_TABS,
    created,
    open_in_chromium,
    paid,
    payer,
    since,
    watch_for,
)
from benchmarks.report.figures import RUNS, Goal, Section
from benchmarks.support.processes import first_line, running
from benchmarks.support.tables import number, print_table
from benchmarks.support.usage import held, usage
from tests.support.servers.dashboard import dashboard

if TYPE_CHECKING:
    import subprocess

    from playwright.sync_api import Page

    from benchmarks.report.figures import Table
    from tests.support.servers.dashboard import Process

PAGES, QUICK_PAGES = 1_000, 50
SECONDS, QUICK_SECONDS = 60.0, 10.0
PAYMENTS = 3
LIVE_PAGES = ("billing", "sessions", "events")
TABS, QUICK_TABS = 100, 20
WINDOW, QUICK_WINDOW = 6.0, 3.0  # seconds
SHORT_QUIET = 4.0
EACH, MEMORY = "% of a core for 1,000", "KiB each"
SHOWN, LAST = "a payment is shown, s", "in the last tab, s"
QUIET_SECONDS = 15.0  # after the pages have opened and after a payment: what follows from it ends


def section(quick: bool) -> Section:
    """What idle tabs of three pages cost, and how soon those of one show a payment."""
    tabs, seconds = (QUICK_TABS, QUICK_WINDOW) if quick else (TABS, WINDOW)
    runs = 1 if quick else RUNS
    table: Table = {}
    with (
        tempfile.TemporaryDirectory(prefix="bench-tabs-") as folder,
        dashboard(Path(folder), anew=True) as app,
    ):
        alone = cpu_share(app, 2 * seconds)
        for page in LIVE_PAGES:
            open_once(app.url, page)  # what its first visitor costs is no tab's
            before = held(app.pid).rss_mib
            with running("-m", "benchmarks.pages.open_pages", app.url, str(tabs), page) as opened:
                assert first_line(opened) == "open"
                time.sleep(SHORT_QUIET)
                memory = (held(app.pid).rss_mib - before) * 1024 / tabs
                shares = [max(0.0, cpu_share(app, seconds) - alone) for _ in range(runs)]
                row = table.setdefault(page.capitalize(), {})
                row[EACH] = [share / tabs * 1000 * 100 for share in shares]
                row[MEMORY] = [memory]
                if page == "billing":
                    delays = [pay(app.url, opened, [], SHORT_QUIET)[0] for _ in range(runs)]
                    row[SHOWN] = [statistics.median(one) for one in delays]
                    row[LAST] = [max(one) for one in delays]
    goals = []
    for row_name, figures in table.items():
        name = f"{row_name}, 1,000 idle tabs, of a core"
        goals.append(Goal(name, figures[EACH], 10, at_least=False, unit="%"))
        if SHOWN in figures:
            goals.append(
                Goal(f"{row_name}, a payment in an idle tab", figures[SHOWN], 0.5, False, "s")
            )
    about = (
        f"{tabs} tabs at a time, opened by a load tool that talks to the server as a browser does, "
        "on one process. The share of a core is what the process takes with the tabs idle, less "
        "what it takes without, for a thousand. `python -m benchmarks.pages.tabs --pages 1000 "
        "--seconds 300` measures so many."
    )
    return Section("Idle tabs", about, table, goals)


def open_once(url: str, page: str) -> None:
    with running("-m", "benchmarks.pages.open_pages", url, "1", page) as opened:
        assert first_line(opened) == "open"


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
        opened_by_tool = str(pages - CHROMIUM_TABS)
        with (
            running("-m", "benchmarks.pages.open_pages", app.url, opened_by_tool) as tabs,
            open_in_chromium(app.url, CHROMIUM_TABS) as in_chromium,
        ):
            assert first_line(tabs) == "open"
            time.sleep(QUIET_SECONDS)
            now = held(app.pid)
            idle = cpu_share(app, seconds)
            delays = [pay(app.url, tabs, in_chromium, QUIET_SECONDS) for _ in range(PAYMENTS)]
    print_table(
        f"{pages:,} tabs of the billing page, {CHROMIUM_TABS} of them in one profile of Chromium, "
        f"idle for {seconds:.0f} s",
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
        [
            [f"{count}, {where}", *summary(one)]
            for count, both in enumerate(delays, 1)
            for where, one in zip(("load tool", "Chromium"), both, strict=True)
        ],
    )


def shares(alone: float, idle: float) -> tuple[str, str]:
    return number(alone * 100, 1), number(idle * 100, 1)


def cpu_share(app: Process, seconds: float) -> float:
    """How much of a core the process takes."""
    started, before = time.monotonic(), usage(app.pid).cpu_seconds
    time.sleep(seconds)
    return (usage(app.pid).cpu_seconds - before) / (time.monotonic() - started)


def pay(
    url: str, tabs: subprocess.Popen[str], in_chromium: list[Page], quiet_seconds: float
) -> tuple[list[float], list[float]]:
    """Pay a session; how long it took each tab of the load tool (infinite where one does not show
    it) and each of Chromium's."""
    session = created(url)
    time.sleep(quiet_seconds)
    email = payer()
    watch_for(in_chromium, email)
    assert tabs.stdin is not None
    print(email, file=tabs.stdin, flush=True)
    at = paid(url, session, email)
    by_chromium = since(at, in_chromium)
    shown: list[Any] = json.loads(first_line(tabs))
    time.sleep(quiet_seconds)
    return [math.inf if one is None else max(0.0, one - at) for one in shown], by_chromium


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
