"""``POST /api/billing/checkout`` with 64 requests at once, beside bare HTTP and the SDK alone.

All rows of a table are measured in turn, several times over, so that a noisy moment of the
machine does not fall on one row; each number is the median of its rounds.
"""

from __future__ import annotations

import importlib.util
import statistics
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from benchmarks.stripe.process import FakeStripeProcess, fake_stripe
from benchmarks.stripe.server import CREATE
from benchmarks.support.dashboard_process import Dashboard, dashboard
from benchmarks.support.processes import first_line, result_of, running
from benchmarks.support.tables import number, print_table
from benchmarks.support.tally import Load
from benchmarks.support.usage import usage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CONNECTIONS = 64
OPEN_PAGES = 5
DELAYS_MS = (100, 0)
BARE = "bare HTTP"
SDK = {
    "aiohttp-raw": "SDK alone, raw_request on aiohttp",
    "aiohttp-typed": "SDK alone, aiohttp",
    "threads": "SDK alone, 64 threads (requests)",
    "httpx-typed": "SDK alone, httpx",
}
COMPARED = {"bare": BARE, "SDK raw": SDK["aiohttp-raw"], "SDK": SDK["aiohttp-typed"]}


@dataclass(frozen=True)
class Pace:
    """How long and how often each row is measured."""

    rounds: int
    warm_up: float
    seconds: float

    @property
    def arguments(self) -> tuple[str, ...]:
        return (
            *("--connections", str(CONNECTIONS)),
            *("--warm-up", str(self.warm_up)),
            *("--seconds", str(self.seconds)),
        )

    @property
    def timeout(self) -> float:
        """Past this many seconds a row hangs."""
        return self.warm_up + self.seconds + 60


def measure(*, quick: bool) -> None:
    """Measure and print a table for each of Stripe's delays."""
    pace = Pace(rounds=1, warm_up=0.5, seconds=2.5) if quick else Pace(3, 1.0, 4.0)
    if not importlib.util.find_spec("httpx"):
        print(f"({SDK['httpx-typed']}: httpx is not installed, so its row is left out)")
    with ExitStack() as stack:
        stripe = stack.enter_context(fake_stripe())
        app = stack.enter_context(dashboard(stripe.url))
        # Pages leave memory behind: the app that is measured with pages open is another one.
        app_with_pages = stack.enter_context(dashboard(stripe.url))
        for delay_ms in DELAYS_MS:
            stripe.set_delay(delay_ms)
            rows = measured_in_turn(rows_of(stripe, app, app_with_pages, pace), pace.rounds)
            show(f"POST /api/billing/checkout, Stripe answers after {delay_ms} ms", rows)


def rows_of(
    stripe: FakeStripeProcess, app: Dashboard, app_with_pages: Dashboard, pace: Pace
) -> dict[str, Callable[[], Load]]:
    """The rows by name, each with what measures it once."""

    def bare() -> Load:
        return loaded(f"{stripe.url}/v1/checkout/sessions", pace)

    def route(on: Dashboard) -> Load:
        before = usage(on.pid)
        load = loaded(f"{on.url}/api/billing/checkout", pace)
        after = usage(on.pid)
        return replace(
            load,
            cpu_seconds=after.cpu_seconds - before.cpu_seconds,
            peak_rss_mib=after.peak_rss_mib,
        )

    def route_with_pages() -> Load:
        with pages_open(app_with_pages):
            return route(app_with_pages)

    def sdk_alone(way: str) -> Load:
        return Load.from_json(
            result_of("checkout.sdk_load", way, stripe.url, *pace.arguments, timeout=pace.timeout)
        )

    def calling_stripe(row: Callable[[], Load]) -> Callable[[], Load]:
        def checked() -> Load:
            before = stripe.calls().get(CREATE, 0)
            load = row()
            made = stripe.calls()[CREATE] - before
            assert load.errors or made == load.sent, f"{load.sent} requests made {made} sessions"
            return load

        return checked

    rows: dict[str, Callable[[], Load]] = {
        BARE: bare,
        "the route": lambda: route(app),
        f"the route, {OPEN_PAGES} pages open": route_with_pages,
    }
    for way, name in SDK.items():
        if way != "httpx-typed" or importlib.util.find_spec("httpx"):
            rows[name] = lambda way=way: sdk_alone(way)  # type: ignore[misc]
    return {name: calling_stripe(row) for name, row in rows.items()}


def loaded(url: str, pace: Pace) -> Load:
    """What POSTs to ``url`` come to."""
    return Load.from_json(
        result_of("support.load", url, "--method", "POST", *pace.arguments, timeout=pace.timeout)
    )


@contextmanager
def pages_open(on: Dashboard, count: int = OPEN_PAGES) -> Iterator[None]:
    """Billing pages that are open while the block runs."""
    with running("-m", "benchmarks.pages.open_pages", on.url, str(count)) as process:
        assert first_line(process) == "open"
        yield
        process.communicate(timeout=30)


def measured_in_turn(rows: dict[str, Callable[[], Load]], rounds: int) -> dict[str, Load]:
    """Each row ``rounds`` times, turn by turn, and the median of what came out."""
    loads: dict[str, list[Load]] = {name: [] for name in rows}
    for _ in range(rounds):
        for name, row in rows.items():
            loads[name].append(row())
    return {name: middle(measured) for name, measured in loads.items()}


def middle(loads: list[Load]) -> Load:
    """The median of every figure, but for the errors: those are added up."""
    medians = {
        field.name: statistics.median(getattr(load, field.name) for load in loads)
        for field in fields(Load)
    }
    return replace(loads[0], **{**medians, "errors": sum(load.errors for load in loads)})


def show(title: str, rows: dict[str, Load]) -> None:
    columns = ("", "requests/s", "median ms", "p95 ms", "CPU ms each", "peak MiB", "errors")
    print_table(
        f"{title}, {CONNECTIONS} at once",
        (*columns, *(f"x {name}" for name in COMPARED)),
        [
            (
                name,
                number(load.per_second),
                number(load.median_ms, 1),
                number(load.p95_ms, 1),
                number(load.cpu_ms, 3),
                number(load.peak_rss_mib),
                number(load.errors),
                *(number(load.per_second / rows[to].per_second, 2) for to in COMPARED.values()),
            )
            for name, load in rows.items()
        ],
    )
