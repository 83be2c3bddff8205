"""Memory at the start, under load and afterwards, and over many requests: does it stay level?"""

from __future__ import annotations

import time
from statistics import linear_regression
from typing import TYPE_CHECKING

from benchmarks.checkout.route import CONNECTIONS, Pace, loaded, pages_open
from benchmarks.checkout.sessions import NEXT
from benchmarks.peers.empty_page import EMPTY, empty_page
from benchmarks.peers.next_app import next_app
from benchmarks.report.figures import RUNS, THIS_APP, Section, absolute, interleaved
from benchmarks.stripe.process import fake_stripe
from benchmarks.support.dashboard_process import Dashboard, dashboard
from benchmarks.support.tables import number, print_table
from benchmarks.support.usage import held, usage

if TYPE_CHECKING:
    from collections.abc import Callable


LOAD_SECONDS, QUICK_LOAD_SECONDS = 8.0, 3.0
QUIET_SECONDS, QUICK_QUIET_SECONDS = 5.0, 2.0  # after the load: collectors have their time
LEVEL_WITHIN_MIB = 1.0
START, PEAK, AFTER, REQUESTS = "at the start", "under load", "after", "requests"
OPENED = "and a page opened"
GROWTH_REQUESTS, QUICK_GROWTH_REQUESTS, GROWTH_WINDOWS = 1_000_000, 300_000, 20
LEVEL_MIB = 1.0  # more for each 100,000 requests is growth


def section(quick: bool) -> Section:
    """The app and its peers in MiB, each in a new process for every run."""
    seconds = QUICK_LOAD_SECONDS if quick else LOAD_SECONDS
    quiet = QUICK_QUIET_SECONDS if quick else QUIET_SECONDS
    with fake_stripe() as stripe:

        def own() -> dict[str, float]:
            with dashboard(stripe.url) as app:
                measured = figures(app, seconds, quiet)
                with pages_open(app, 1):
                    return measured | {OPENED: held(app.pid).rss_mib}

        def peer() -> dict[str, float]:
            with next_app(stripe.url) as app:
                return figures(app, seconds, quiet)

        def empty() -> dict[str, float]:
            with empty_page() as one:
                return {START: level(one.pid)}

        rows: dict[str, Callable[[], dict[str, float]]] = {
            THIS_APP: own,
            NEXT: peer,
            EMPTY: empty,
        }
        table, left_out = interleaved(rows, 1 if quick else RUNS)
    about = (
        f"MiB of resident memory (RSS) of the server's process: once it is level after the start; "
        f"the most of it during {seconds:g} seconds of `POST /api/billing/checkout` over "
        f"{CONNECTIONS} connections with a Stripe that answers at once; {quiet:g} seconds later, "
        "and once a first page is open. `python -m benchmarks growth` measures a million requests."
    )
    goals = [
        *absolute(table, START, (THIS_APP, START), "MiB", at_most=170),
        *absolute(table, PEAK, (THIS_APP, PEAK), "MiB", at_most=220),
    ]
    return Section("Memory", about, table, goals, left_out)


def figures(server: Dashboard, seconds: float, quiet: float) -> dict[str, float]:
    """What one server holds, before, during and after the load."""
    start = level(server.pid)
    load = loaded(f"{server.url}/api/billing/checkout", Pace(1, 0.0, seconds))
    assert not load.errors, f"{load.errors} requests failed"
    peak = usage(server.pid).peak_rss_mib
    time.sleep(quiet)
    return {
        START: start,
        PEAK: peak,
        AFTER: held(server.pid).rss_mib,
        REQUESTS: float(load.sent),
    }


def level(pid: int) -> float:
    """What the process holds once that no longer changes."""
    before, now = 0.0, held(pid).rss_mib
    while abs(now - before) > LEVEL_WITHIN_MIB:
        time.sleep(1.0)
        before, now = now, held(pid).rss_mib
    return now


def measure_growth(*, quick: bool) -> None:
    """Print what the app holds after each part of a million requests, and whether it grows still
    in the second half of them: 300,000 requests, in some minutes, say so as well."""
    wanted = QUICK_GROWTH_REQUESTS if quick else GROWTH_REQUESTS
    with fake_stripe() as stripe, dashboard(stripe.url) as app:
        rows = [["at the start", "0", number(level(app.pid)), number(held(app.pid).threads), ""]]
        sent, rate = 0, 0.0
        holds: dict[int, float] = {}  # MiB after so many requests
        while sent < wanted:
            # A second at first: it says how long a part takes.
            seconds = wanted / GROWTH_WINDOWS / rate if rate else 1.0
            load = loaded(f"{app.url}/api/billing/checkout", Pace(1, 0.0, seconds))
            assert not load.errors, f"{load.errors} requests failed"
            sent, rate = sent + load.sent, load.per_second
            now = held(app.pid)
            holds[sent] = now.rss_mib
            rows.append(["", number(sent), number(now.rss_mib), number(now.threads), number(rate)])
        time.sleep(QUIET_SECONDS)
        rows.append(["after", number(sent), number(held(app.pid).rss_mib), "", ""])
    print_table(
        f"Memory over {wanted:,} requests, {CONNECTIONS} at once",
        ("", "requests", "MiB", "threads", "a second"),
        rows,
    )
    late = {requests: mib for requests, mib in holds.items() if requests >= sent / 2}
    grows = linear_regression(list(late), list(late.values())).slope * 100_000
    word = "level" if grows <= LEVEL_MIB else "GROWS"
    print(f"{word}: {grows:+.2f} MiB for each 100,000 requests in the second half")
