"""A payment shown in idle tabs of a real Chromium, all of one profile, and what they cost the
server while nothing happens."""

from __future__ import annotations

import statistics
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import requests
from playwright.sync_api import sync_playwright

from benchmarks.pages.first_load import ARGUMENTS, IS_SHOWN, TIMEOUT_MS
from benchmarks.report.figures import RUNS, THIS_APP, Section, absolute, interleaved
from benchmarks.support.usage import held, usage
from tests.support.chromium import find
from tests.support.servers.dashboard import dashboard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

CHROMIUM_TABS, QUICK_TABS = 20, 3
IDLE_SECONDS, QUICK_IDLE_SECONDS = 6.0, 3.0
MEDIAN, LAST, CPU, MEMORY = "median s", "last tab s", "idle, % of a core", "MiB"
# The cells of Streamlit's tables are drawn on a canvas and repeated within it for screen readers.
WATCH = """() => {
  window.wanted = null;
  const look = () => {
    if (window.wanted && [...document.querySelectorAll("canvas")].some(
        (one) => one.textContent.includes(window.wanted))) {
      window.shownAt = Date.now();
      window.wanted = null;
    }
  };
  new MutationObserver(look).observe(document.body,
    {subtree: true, childList: true, characterData: true});
}"""


def section(quick: bool) -> Section:
    """Seconds from a payment until each tab shows it, one payment a run."""
    tabs = QUICK_TABS if quick else CHROMIUM_TABS
    idle = QUICK_IDLE_SECONDS if quick else IDLE_SECONDS
    with (
        TemporaryDirectory() as folder,
        dashboard(Path(folder), anew=True) as app,
        open_in_chromium(app.url, tabs) as pages,
    ):

        def run() -> dict[str, float]:
            session = created(app.url)
            time.sleep(idle / 2)  # what follows from the session ends
            before = usage(app.pid).cpu_seconds
            time.sleep(idle)
            cpu = (usage(app.pid).cpu_seconds - before) / idle * 100
            watch_for(pages, email := payer())
            delays = since(paid(app.url, session, email), pages)
            return {
                MEDIAN: statistics.median(delays),
                LAST: max(delays),
                CPU: cpu,
                MEMORY: held(app.pid).rss_mib,
            }

        row = f"{THIS_APP}, {tabs} tabs"
        table, left_out = interleaved({row: run}, 1 if quick else RUNS)
    about = (
        f"{tabs} tabs of the billing page in one profile of a real Chromium on this machine, all "
        "idle; a session is paid, and each tab's table shows who paid it."
    )
    goals = absolute(table, "a payment in an idle tab", (row, MEDIAN), "s", at_most=0.5)
    return Section("A payment in an idle tab", about, table, goals, left_out)


@contextmanager
def open_in_chromium(url: str, tabs: int) -> Iterator[list[Page]]:
    """So many tabs of the billing page in one profile."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find(playwright.chromium.executable_path), args=list(ARGUMENTS)
        )
        profile = browser.new_context()
        yield [_opened(profile.new_page(), url) for _ in range(tabs)]
        browser.close()


def _opened(page: Page, url: str) -> Page:
    page.goto(f"{url}/app/billing")
    page.wait_for_function(IS_SHOWN, timeout=TIMEOUT_MS)
    page.evaluate(WATCH)
    return page


def created(url: str) -> str:
    """The id of a new open session."""
    answer = requests.post(f"{url}/api/billing/extra-credits", timeout=30)
    answer.raise_for_status()
    return str(answer.json()["id"])


def payer() -> str:
    """The email of somebody who has paid nothing yet."""
    return f"payer-{time.time_ns()}@example.com"


def paid(url: str, session: str, email: str) -> float:
    """Pay the session; when that was asked for, Unix seconds."""
    at = time.time()
    answer = requests.post(
        f"{url}/sandbox/_control/sessions/{session}/pay",
        json={"email": email, "name": "A payer", "card": "4242424242424242"},
        headers={"Authorization": "Bearer sk_test_bench"},
        timeout=30,
    )
    answer.raise_for_status()
    return at


def watch_for(pages: list[Page], text: str) -> None:
    """Have each page note when it shows the text."""
    for page in pages:
        page.evaluate("(text) => { window.shownAt = 0; window.wanted = text; }", text)


def since(at: float, pages: list[Page]) -> list[float]:
    """Seconds from then until each page showed what it was to watch for."""
    delays = []
    for page in pages:
        page.wait_for_function("window.shownAt", timeout=TIMEOUT_MS)
        delays.append(max(0.0, float(page.evaluate("window.shownAt")) / 1000 - at))
    return delays
