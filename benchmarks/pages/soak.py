"""The app under steady load with 50 pages open: do memory, threads and open files stay level?

Sessions are created by the route, by four clients, with a Stripe that takes 100 ms; every page
refreshes its live parts as a browser does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.checkout.route import pages_open
from benchmarks.stripe.process import fake_stripe
from benchmarks.support.dashboard_process import dashboard
from benchmarks.support.processes import result_of
from benchmarks.support.tables import number, print_table
from benchmarks.support.tally import Load
from benchmarks.support.usage import Held, held

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGES = 50
CLIENTS = 4
STRIPE_MS = 100
SECONDS, QUICK_SECONDS = 300, 30
WINDOWS = 10


def measure(*, quick: bool) -> None:
    """Print what the process holds after each tenth of the time."""
    window = (QUICK_SECONDS if quick else SECONDS) / WINDOWS
    rows = []
    with fake_stripe() as stripe, dashboard(stripe.url) as app:
        stripe.set_delay(STRIPE_MS)
        rows.append(row("at the start", held(app.pid)))
        with pages_open(app, PAGES):
            rows.append(row(f"{PAGES} pages open", held(app.pid)))
            for count, load in enumerate(_loads(app.url, window), 1):
                assert not load.errors, f"{load.errors} requests failed"
                now = held(app.pid)
                rows.append(row(f"after {count * window:.0f} s", now, load))
        rows.append(row("pages closed", held(app.pid)))
    print_table(
        f"{PAGES} pages open, {CLIENTS} clients that create sessions",
        ("", "MiB", "threads", "open files", "requests/s", "p95 ms"),
        rows,
    )


def _loads(url: str, seconds: float) -> Iterator[Load]:
    arguments = (
        *(f"{url}/api/billing/checkout", "--method", "POST", "--connections", str(CLIENTS)),
        *("--warm-up", "0", "--seconds", str(seconds)),
    )
    for _ in range(WINDOWS):
        yield Load.from_json(result_of("support.load", *arguments, timeout=seconds + 60))


def row(name: str, now: Held, load: Load | None = None) -> list[str]:
    figures = [number(now.rss_mib), number(now.threads), number(now.open_files)]
    loaded = [number(load.per_second), number(load.p95_ms, 1)] if load else ["", ""]
    return [name, *figures, *loaded]
