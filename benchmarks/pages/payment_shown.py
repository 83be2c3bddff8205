"""A payment shown in idle tabs of a real Chromium, all of one profile, and what they cost the
server while nothing happens."""

from __future__ import annotations

import statistics
import time
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
    from playwright.sync_api import Page

    from tests.support.servers.dashboard import Process

TABS, QUICK_TABS = 20, 3
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
    tabs = QUICK_TABS if quick else TABS
    idle = QUICK_IDLE_SECONDS if quick else IDLE_SECONDS
    with (
        TemporaryDirectory() as folder,
        dashboard(Path(folder), anew=True) as app,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=find(playwright.chromium.executable_path), args=list(ARGUMENTS)
        )
        profile = browser.new_context()
        pages = [opened(profile.new_page(), app) for _ in range(tabs)]

        def run() -> dict[str, float]:
            session = created(app)
            time.sleep(idle / 2)  # what follows from the session ends
            before = usage(app.pid).cpu_seconds
            time.sleep(idle)
            cpu = (usage(app.pid).cpu_seconds - before) / idle * 100
            delays = shown_after_payment(app, pages, session)
            return {
                MEDIAN: statistics.median(delays),
                LAST: max(delays),
                CPU: cpu,
                MEMORY: held(app.pid).rss_mib,
            }

        row = f"{THIS_APP}, {tabs} tabs"
        table, left_out = interleaved({row: run}, 1 if quick else RUNS)
        browser.close()
    about = (
        f"{tabs} tabs of the billing page in one profile of a real Chromium on this machine, all "
        "idle; a session is paid, and each tab's table shows who paid it."
    )
    goals = absolute(table, "a payment in an idle tab", (row, MEDIAN), "s", at_most=0.5)
    return Section("A payment in an idle tab", about, table, goals, left_out)


def opened(page: Page, app: Process) -> Page:
    page.goto(f"{app.url}/app/billing")
    page.wait_for_function(IS_SHOWN, timeout=TIMEOUT_MS)
    page.evaluate(WATCH)
    return page


def created(app: Process) -> str:
    """The id of a new open session."""
    answer = requests.post(f"{app.url}/api/billing/extra-credits", timeout=30)
    answer.raise_for_status()
    return str(answer.json()["id"])


def shown_after_payment(app: Process, pages: list[Page], session: str) -> list[float]:
    """Seconds from the answer to the payment until each page showed it."""
    email = f"payer-{time.time_ns()}@example.com"
    for page in pages:
        page.evaluate("(text) => { window.shownAt = 0; window.wanted = text; }", email)
    paid = requests.post(
        f"{app.url}/sandbox/_control/sessions/{session}/pay",
        json={"email": email, "name": "A payer", "card": "4242424242424242"},
        headers={"Authorization": "Bearer sk_test_bench"},
        timeout=30,
    )
    paid.raise_for_status()
    paid_at = time.time()
    delays = []
    for page in pages:
        page.wait_for_function("window.shownAt", timeout=TIMEOUT_MS)
        delays.append(max(0.0, float(page.evaluate("window.shownAt")) / 1000 - paid_at))
    return delays
