"""Takes a picture of every page, for looking at them: ``python -m docs.take_all_pictures FOLDER``.

Each page at three widths, light and dark, empty and with a history of ``--sessions``; filled, also
each outcome of sessions, drawers, dialogs and the hosted pages. It prints what axe-core finds, and
which pages are wider than the screen. The dashboard and its sandbox run in a temporary folder; with
``--url`` it is one that runs already, as it is. ``--only`` takes those whose names match.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from playwright.sync_api import expect, sync_playwright

from billing.access.caller import Caller, become
from billing.domain.access import ADMIN_OF_THIS_MACHINE
from docs.views import PAGES, Sold, View, filled, pages
from pages.scenarios.demo_history import SIZES
from pages.scenarios.sandbox_client import Controls
from tests.support.browsers.accessibility import AT_REST, AXE, fits, violations
from tests.support.browsers.demo_history import fill_a_month
from tests.support.chromium import find
from tests.support.servers.dashboard import dashboard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

HEIGHTS = {1280: 860, 1920: 1080, 390: 844}
WIDEST = max(HEIGHTS)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
AT_WORK = (
    "[data-testid=stSpinner], [data-testid=stSkeleton], [data-stale=true],"
    "[data-test-script-state=running]"
)
REST = 700.0  # milliseconds: a chart is drawn after its element is there
WHOLE = """() => {
    const main = document.querySelector("[data-testid=stMain], section.stMain");
    const drawer = document.querySelector("[role=dialog]");
    const heights = [document.documentElement, main, drawer].map(one => one?.scrollHeight ?? 0);
    return Math.max(...heights);
}"""
TALLEST = 4_000
A_MONTH = 32 * 86_400


def photograph(browser: Browser, views: list[View], folder: Path, prefix: str) -> None:
    """Each view at each width, light and dark; what is no page of its own not at the widest."""
    for width, height in HEIGHTS.items():
        for scheme in SCHEMES:
            context = browser.new_context(
                viewport={"width": width, "height": height}, color_scheme=scheme
            )
            for view in views:
                if width == WIDEST and view.name not in PAGES:
                    continue
                page = context.new_page()
                path = folder / f"{prefix}{view.name}-{width}-{scheme}.png"
                page.goto(view.url() if callable(view.url) else view.url)
                rest(page)
                if view.press:
                    view.press(page)
                    rest(page)
                else:
                    whole = min(max(whole_height(page), height), TALLEST)
                    page.set_viewport_size({"width": width, "height": whole})
                    rest(page)
                page.screenshot(path=path)
                print(path, *wrong_with(page), sep="\n    ", flush=True)
                page.close()
            context.close()


def wrong_with(page: Page) -> list[str]:
    """What axe-core finds, and whether the page is wider than the screen."""
    page.evaluate(AXE)
    if violations(page):  # of rows that are just drawn anew: look again
        rest(page)
    return violations(page) + ["wider than the screen"] * (not fits(page))


def whole_height(page: Page) -> int:
    """The height of all that the page holds, once it grows no more."""
    before = 0
    while (height := int(page.evaluate(WHOLE))) != before:
        before = height
        page.wait_for_timeout(REST)
    return height


def rest(page: Page) -> None:
    """Until nothing loads or moves."""
    page.wait_for_load_state("load")
    if "/app/" in page.url:
        expect(page.get_by_test_id("stMain").get_by_role("heading").first).to_be_visible()
    expect(page.locator(AT_WORK)).to_have_count(0)
    page.wait_for_timeout(REST)
    page.wait_for_function(AT_REST)


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        expect.set_options(timeout=60_000)
        browser = playwright.chromium.launch(
            executable_path=find(playwright.chromium.executable_path),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m docs.take_all_pictures", description=__doc__)
    parser.add_argument("into", type=Path, metavar="FOLDER")
    parser.add_argument("--sessions", type=int, choices=SIZES, default=SIZES[0])
    parser.add_argument("--only", default="", metavar="REGEX")
    parser.add_argument("--url")
    asked = parser.parse_args()
    asked.into.mkdir(parents=True, exist_ok=True)
    become(Caller(ADMIN_OF_THIS_MACHINE))

    def wanted(views: list[View], prefix: str) -> list[View]:
        return [view for view in views if re.search(asked.only, f"{prefix}{view.name}")]

    if asked.url:
        with chromium() as browser:
            photograph(browser, wanted(filled(asked.url), "full-"), asked.into, "full-")
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        dashboard(Path(folder)) as app,
        chromium() as browser,
    ):
        photograph(browser, wanted(pages(app.url), "empty-"), asked.into, "empty-")
        page = browser.new_page()
        fill_a_month(page, app.url, asked.sessions)
        page.close()
        photograph(browser, wanted(filled(app.url), "full-"), asked.into, "full-")
        if asked.sessions == SIZES[0]:  # of more, thousands would renew
            Controls(f"{app.url}/sandbox/_control").advance(A_MONTH)
            photograph(browser, wanted(Sold(app.url).later(), "later-"), asked.into, "later-")
    print(f"Pictures are in {asked.into}")


if __name__ == "__main__":
    main()
