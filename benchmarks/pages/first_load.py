"""What a first visit to each page costs: how far things move while it loads, when the largest of
them is painted, how long scripts keep the browser busy, and how many bytes are sent.

A real Chromium with an empty cache says so by its own performance trace, in front of a demo's data.
https://web.dev/articles/cls https://web.dev/articles/lcp https://web.dev/articles/long-tasks-devtools
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

from benchmarks.support.tables import number, print_table
from tests.support.chromium import find
from tests.support.servers.dashboard import dashboard

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PAGES = ("billing", "sessions", "customers", "events", "test-kit", "setup", "audit")
WIDTH, HEIGHT = 1_280, 800
RUNS = 3
TIMEOUT_MS = 60_000.0
QUIET_MS = 1_500.0  # in which nothing more comes
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
    busy: float
    sent: int
    requests: int


def measure(*, quick: bool) -> None:
    """Measure and print a table of all pages."""
    runs = 1 if quick else RUNS
    with (
        TemporaryDirectory() as folder,
        dashboard(Path(folder), {"BILLING_DEMO": "1"}, anew=True) as app,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=find(playwright.chromium.executable_path), args=list(ARGUMENTS)
        )
        wait_for_history(browser, app.url)
        rows = []
        for name in PAGES:
            visits = [visit(browser, f"{app.url}/app/{name}") for _ in range(runs)]
            rows.append(
                (
                    name,
                    number(max(one.shift for one in visits), 3),
                    number(statistics.median(one.painted for one in visits)),
                    number(statistics.median(one.busy for one in visits)),
                    number(statistics.median(one.sent for one in visits) / 1e6, 2),
                    number(statistics.median(one.requests for one in visits)),
                )
            )
        browser.close()
    print_table(
        f"First visits at {WIDTH} x {HEIGHT}, the worst shift and else the median of {runs}",
        ("page", "CLS", "largest paint ms", "long tasks ms", "MB sent", "requests"),
        rows,
    )


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
        page.wait_for_timeout(QUIET_MS)
        found: dict[str, Any] = page.evaluate("({shifts, painted, busy})")
    return Visit(
        layout_shift(found["shifts"]), found["painted"], found["busy"], int(sum(sent)), len(sent)
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
