"""What a first visit to each page costs: how far things move while it loads, when the largest of
them is painted, how long scripts keep the browser busy, and how many bytes are sent.

A real Chromium with an empty cache says so by its own performance trace, in front of a demo's data.
https://web.dev/articles/cls https://web.dev/articles/lcp https://web.dev/articles/long-tasks-devtools
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

from benchmarks.peers.empty_page import EMPTY, empty_page
from benchmarks.report.figures import RUNS, Goal, Section, absolute, interleaved
from benchmarks.support.tables import number, print_table
from tests.support.chromium import find
from tests.support.servers.dashboard import dashboard

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PAGES = (
    *("billing", "sessions", "customers", "events", "requests", "endpoints"),
    *("test-kit", "setup", "audit"),
)
WIDTH, HEIGHT = 1_280, 800
QUICK_PAGES = ("billing", "sessions")
CLS, PAINTED, SHOWN, BUSY = "CLS", "largest paint ms", "shown ms", "long tasks ms"
SENT, REQUESTS = "MB sent", "requests"
TIMEOUT_MS = 60_000.0
QUIET_MS = 1_000.0  # in which nothing more comes
ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--no-first-run"),
)
OBSERVE = """
window.shifts = []; window.painted = 0; window.busy = 0;
const observe = (type, add) =>
  new PerformanceObserver((list) => list.getEntries().forEach(add)).observe({type, buffered: true});
observe("layout-shift", (one) => one.hadRecentInput || shifts.push([one.startTime, one.value]));
observe("largest-contentful-paint", (one) => { window.painted = one.startTime; });
observe("longtask", (one) => { window.busy += one.duration; });
"""
IS_SHOWN = """() =>
  document.querySelector('[data-testid="stApp"][data-test-script-state="notRunning"]') &&
  ![...document.querySelectorAll('[data-testid="stSkeleton"]')].some((one) => one.offsetParent)
"""


@dataclass(frozen=True)
class Visit:
    """``shift`` is the page's CLS, times are milliseconds, ``sent`` bytes as they came over the
    network."""

    shift: float
    painted: float
    shown: float
    busy: float
    sent: int
    requests: int


def measure(*, quick: bool) -> None:
    """Measure and print a table of all pages."""
    one = section(quick)
    columns = (CLS, PAINTED, SHOWN, BUSY, SENT, REQUESTS)
    print_table(
        f"{one.title}, median of {1 if quick else RUNS}",
        ("page", *columns),
        [
            (name, *(number(statistics.median(row[column]), 2) for column in columns))
            for name, row in one.table.items()
        ],
    )


def section(quick: bool) -> Section:
    """Every page and an empty one of Streamlit's, visited by people who have nothing of it yet."""
    with (
        TemporaryDirectory() as folder,
        dashboard(Path(folder), {"BILLING_DEMO": "1"}, anew=True) as app,
        empty_page() as empty,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=find(playwright.chromium.executable_path), args=list(ARGUMENTS)
        )
        wait_for_history(browser, app.url)
        addresses = {name: f"{app.url}/app/{name}" for name in (QUICK_PAGES if quick else PAGES)}
        addresses[EMPTY] = empty.url
        rows = {name: partial(figures_of, browser, address) for name, address in addresses.items()}
        table, left_out = interleaved(rows, 1 if quick else RUNS)
        browser.close()
    about = (
        f"A first visit with an empty cache at {WIDTH} x {HEIGHT} to a demo's data, by Chromium's "
        "own performance entries: layout shift (CLS), largest paint, when the page has run and "
        "shows no placeholder, long tasks, and what came over the network."
    )
    shifts = [figures[CLS] for name, figures in table.items() if name != EMPTY]
    worst = [max(one_run) for one_run in zip(*shifts, strict=True)]
    goals = [
        Goal("the worst page's layout shift", worst, 0.1, at_least=False),
        *absolute(table, "Sessions, largest paint", ("sessions", PAINTED), "ms", at_most=1_200),
        *absolute(table, "Sessions, sent", ("sessions", SENT), "MB", at_most=1.9),
    ]
    return Section("First visits", about, table, goals, left_out)


def figures_of(browser: Browser, url: str) -> dict[str, float]:
    one = visit(browser, url)
    return {
        CLS: one.shift,
        PAINTED: one.painted,
        SHOWN: one.shown,
        BUSY: one.busy,
        SENT: one.sent / 1e6,
        REQUESTS: one.requests,
    }


def wait_for_history(browser: Browser, url: str) -> None:
    """Until the demo's sessions are on the page; Streamlit's parts are compressed by then."""
    with browser.new_page() as page:
        page.goto(f"{url}/app/sessions")
        page.wait_for_selector(".stDataFrame", timeout=TIMEOUT_MS)


def visit(browser: Browser, url: str) -> Visit:
    """A first visit, by somebody who has nothing of it yet."""
    sent: list[float] = []
    with browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}) as context:
        page = context.new_page()
        page.add_init_script(OBSERVE)
        network = context.new_cdp_session(page)
        network.send("Network.enable")
        network.on("Network.loadingFinished", lambda one: sent.append(one["encodedDataLength"]))
        page.goto(url)
        page.wait_for_function(IS_SHOWN, timeout=TIMEOUT_MS)
        shown = float(page.evaluate("performance.now()"))
        page.wait_for_timeout(QUIET_MS)
        found: dict[str, Any] = page.evaluate("({shifts, painted, busy})")
    return Visit(
        shift=layout_shift(found["shifts"]),
        painted=found["painted"],
        shown=shown,
        busy=found["busy"],
        sent=int(sum(sent)),
        requests=len(sent),
    )


def layout_shift(shifts: list[tuple[float, float]]) -> float:
    """CLS: the worst sum of shifts with less than a second between them, of five at the most."""
    worst = total = began = last = 0.0
    for at, value in shifts:
        if at - last >= 1_000 or at - began >= 5_000:
            total, began = 0.0, at
        total, last = total + value, at
        worst = max(worst, total)
    return worst
