"""Make a session, 64 at once: this app beside bare HTTP and a Next.js app with the same route."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.checkout.route import BARE, CONNECTIONS, DELAYS_MS, Pace, loaded
from benchmarks.peers.next_app import next_app
from benchmarks.report.figures import (
    RUNS,
    THIS_APP,
    Goal,
    NotAvailable,
    Section,
    absolute,
    goal,
    interleaved,
)
from benchmarks.stripe.process import fake_stripe
from benchmarks.support.dashboard_process import dashboard
from benchmarks.support.usage import usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.report.figures import Table
    from benchmarks.stripe.process import FakeStripeProcess
    from benchmarks.support.dashboard_process import Dashboard

NEXT = "Next.js 14"
ABOUT = (
    f"`POST /api/billing/checkout`, {CONNECTIONS} connections, each with one request at a time, "
    "against a simulated Stripe that answers after the time that is named. The Next.js app "
    "(`benchmarks/peers/next`) has the same routes on Stripe's SDK for node."
)
RATE, CPU, MEDIAN, SLOWEST = "a second", "CPU ms each", "median ms", "p99 ms"


def section(quick: bool) -> Section:
    """Rates, CPU a request and times for both of Stripe's delays."""
    pace = Pace(1, 0.5, 2.5) if quick else Pace(RUNS, 1.0, 3.0)
    with ExitStack() as stack:
        stripe = stack.enter_context(fake_stripe())
        app = stack.enter_context(dashboard(stripe.url))
        missing: NotAvailable | None = None
        try:
            peer = stack.enter_context(next_app(stripe.url))
        except NotAvailable as error:
            missing = error
        rows: dict[str, Callable[[], dict[str, float]]] = {}
        warmed = [app.url] if missing else [app.url, peer.url]
        for url in warmed:  # a compiler at run time needs its time
            loaded(f"{url}/api/billing/checkout", replace(pace, seconds=pace.warm_up * 4))
        for delay in DELAYS_MS:
            rows[row(BARE, delay)] = figures_of(stripe, None, delay, pace)
            rows[row(THIS_APP, delay)] = figures_of(stripe, app, delay, pace)
            if not missing:
                rows[row(NEXT, delay)] = figures_of(stripe, peer, delay, pace)
        table, left_out = interleaved(rows, pace.rounds)
    return Section(
        "Make a session",
        ABOUT,
        table,
        goals(table),
        [*left_out, *([f"{NEXT}: {missing}"] if missing else [])],
    )


def goals(table: Table) -> list[Goal]:
    """What this app's rows are to be, beside the others."""
    slow, fast = (row(THIS_APP, delay) for delay in DELAYS_MS)
    bare, peer = row(BARE, 100), row(NEXT, 100)
    fast_peer = row(NEXT, 0)
    return [
        *goal(table, f"{slow}: rate, of {BARE}", (slow, RATE), (bare, RATE), at_least=0.99),
        *goal(table, f"{slow}: rate, of {NEXT}", (slow, RATE), (peer, RATE), at_least=1),
        *goal(table, f"{fast}: rate, of {NEXT}", (fast, RATE), (fast_peer, RATE), at_least=2.5),
        *absolute(table, f"{fast}: CPU a request", (fast, CPU), "ms", at_most=0.40),
        *goal(table, f"{fast}: p99, of {NEXT}", (fast, SLOWEST), (fast_peer, SLOWEST), at_most=0.6),
    ]


def row(name: str, delay: int) -> str:
    return f"{name}, Stripe {delay} ms"


def figures_of(
    stripe: FakeStripeProcess, server: Dashboard | None, delay: int, pace: Pace
) -> Callable[[], dict[str, float]]:
    """What measures one row once; without a ``server`` it is Stripe itself, by bare HTTP."""

    def measure() -> dict[str, float]:
        stripe.set_delay(delay)
        if server is None:
            load = loaded(f"{stripe.url}/v1/checkout/sessions", pace)
        else:
            before = usage(server.pid).cpu_seconds
            load = loaded(f"{server.url}/api/billing/checkout", pace)
            load = replace(load, cpu_seconds=usage(server.pid).cpu_seconds - before)
        assert not load.errors, f"{load.errors} requests failed"
        return {
            RATE: load.per_second,
            CPU: load.cpu_ms,
            MEDIAN: load.median_ms,
            SLOWEST: load.p99_ms,
        }

    return measure
