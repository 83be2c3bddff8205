"""A real Chromium for tests: the fixtures `browser`, `open_page`, `page` and `browser_log`.

One Chromium serves all tests of a worker, and a context that a passed test has left is used again
once it is emptied: in a new one all of a page's scripts are fetched and compiled anew, which takes
longer than most tests. See `tests/support/browsers/contexts.py`.

A test fails at its end when a page logged an error or raised one, an asset was missing, or a
server answered 5xx, unless the test said beforehand that it expects that: see `BrowserLog`.
Pictures and HTML of a failed test's pages are left in `test-results/`.
"""

from __future__ import annotations

import asyncio
import re
from asyncio.events import _set_running_loop
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Playwright,
    Request,
    Response,
    WebError,
    expect,
    sync_playwright,
)

from tests.support.browsers.contexts import BLANK, TIMEOUT, Contexts
from tests.support.chromium import NoChromium, find

RESULTS = Path("test-results")
DESKTOP = (1280, 800)
PHONE = (390, 844)

ARGUMENTS = (
    "--no-sandbox",  # tests often run as root, in containers
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--process-per-site",  # so that the pages of a context share what they have compiled
    # No page lives long enough to be worth it that its scripts are optimized.
    "--js-flags=--no-opt --no-maglev --min-semi-space-size=32 --max-semi-space-size=64",
    # Whatever a page asks of the internet fails at once, the same on every machine.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)
_ASSETS = frozenset(("script", "stylesheet", "image", "font", "media", "manifest"))

ColorScheme = Literal["light", "dark"]
_playwrights_loop = pytest.StashKey[asyncio.AbstractEventLoop]()
_reports = pytest.StashKey[dict[str, pytest.TestReport]]()


def chromium_path(playwright: Playwright) -> str:
    """The Chromium to start. Fails the test with how to install one when there is none."""
    try:
        return find(playwright.chromium.executable_path)
    except NoChromium as missing:
        pytest.fail(str(missing), pytrace=False)


@dataclass
class BrowserLog:
    """What went wrong in a test's pages, in words."""

    problems: list[str] = field(default_factory=list)
    _expected: list[re.Pattern[str]] = field(default_factory=list)

    def expect(self, pattern: str) -> None:
        """Problems that match the regular expression are this test's purpose."""
        self._expected.append(re.compile(pattern))

    def unexpected(self) -> list[str]:
        """The problems that no `expect` covers."""
        return [
            problem
            for problem in self.problems
            if not any(pattern.search(problem) for pattern in self._expected)
        ]

    @contextmanager
    def watching(self, context: BrowserContext) -> Iterator[None]:
        """Take down what goes wrong in any page of the context, popups included."""
        listeners: dict[Any, Callable[..., None]] = {
            "console": self._on_console,
            "weberror": self._on_web_error,
            "response": self._on_response,
            "requestfailed": self._on_request_failed,
        }
        for event, listener in listeners.items():
            context.on(event, listener)
        yield
        for event, listener in listeners.items():
            context.remove_listener(event, listener)

    def _on_console(self, message: ConsoleMessage) -> None:
        # Chromium's "Failed to load resource" is judged by what was asked for, in _on_response.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.problems.append(f"console error: {message.text}")

    def _on_web_error(self, error: WebError) -> None:
        self.problems.append(f"uncaught in the page: {error.error}")

    def _on_response(self, response: Response) -> None:
        asset_missing = response.status >= 400 and response.request.resource_type in _ASSETS
        if asset_missing or response.status >= 500:
            self.problems.append(f"{response.status} for {response.url}")

    def _on_request_failed(self, request: Request) -> None:
        # A page that is left aborts what it still loads.
        if request.resource_type in _ASSETS and request.failure != "net::ERR_ABORTED":
            self.problems.append(f"not loaded ({request.failure}): {request.url}")


class OpenPage(Protocol):
    """Opens a page in a context of its own, with its own cookies."""

    def __call__(
        self,
        size: tuple[int, int] = DESKTOP,
        color_scheme: ColorScheme = "light",
        **context_options: Any,
    ) -> Page: ...


@pytest.fixture(scope="session")
def browser(pytestconfig: pytest.Config) -> Iterator[Browser]:
    """A headless Chromium, started for the session."""
    with sync_playwright() as playwright:
        loop = pytestconfig.stash[_playwrights_loop] = asyncio.get_running_loop()
        expect.set_options(timeout=TIMEOUT)
        browser = playwright.chromium.launch(
            executable_path=chromium_path(playwright), args=list(ARGUMENTS)
        )
        yield browser
        _set_running_loop(loop)
        browser.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """They come first: of several workers one has them all, and starts a Chromium; what is left at
    the end is short."""
    items.sort(key=lambda item: not _is_of_the_browser(item))


def _is_of_the_browser(item: pytest.Item) -> bool:
    return "browser" in getattr(item, "fixturenames", ())


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Playwright's loop, which passes as running between its calls, does so in its tests alone, so
    that others can run loops of their own."""
    loop = item.config.stash.get(_playwrights_loop, None) if _is_of_the_browser(item) else None
    _set_running_loop(loop)


@pytest.fixture(scope="session")
def contexts(browser: Browser) -> Contexts:
    """The browser's contexts."""
    return Contexts(browser)


@pytest.fixture
def browser_log() -> BrowserLog:
    """What went wrong in this test's pages; `browser_log.expect(r"…")` allows some of it."""
    return BrowserLog()


@pytest.fixture
def open_page(
    contexts: Contexts, browser_log: BrowserLog, request: pytest.FixtureRequest
) -> Iterator[OpenPage]:
    """`open_page(size=PHONE, color_scheme="dark", java_script_enabled=False, …) -> Page`."""
    opened: list[BrowserContext] = []
    with ExitStack() as watched:

        def open_page(
            size: tuple[int, int] = DESKTOP,
            color_scheme: ColorScheme = "light",
            **context_options: Any,
        ) -> Page:
            context = contexts.take(size, color_scheme, **context_options)
            opened.append(context)
            watched.enter_context(browser_log.watching(context))
            return context.new_page()

        yield open_page
        node: pytest.Item = request.node
        call = node.stash.get(_reports, {}).get("call")
        unexpected = browser_log.unexpected()
        passed = call is not None and call.passed
        if not passed or unexpected:
            _keep_evidence(node.nodeid, opened, unexpected)
    for context in opened:
        contexts.give_back(context, again=passed)
    if passed and unexpected:
        pytest.fail("In the browser: " + "; ".join(unexpected), pytrace=False)


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """A page of desktop size in a fresh context."""
    return open_page()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Lets a fixture's teardown see how the test went."""
    report = yield
    item.stash.setdefault(_reports, {})[call.when] = report
    return report


def _keep_evidence(nodeid: str, contexts: list[BrowserContext], problems: list[str]) -> None:
    folder = RESULTS / re.sub(r"[^\w.-]+", "-", nodeid).strip("-")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "problems.txt").write_text("".join(f"{problem}\n" for problem in problems))
    pages = [page for context in contexts for page in context.pages if page.url != BLANK]
    for index, page in enumerate(pages, start=1):
        try:
            (folder / f"page-{index}.html").write_text(f"<!-- {page.url} -->\n{page.content()}")
            page.screenshot(path=folder / f"page-{index}.png", full_page=True)
        except Error as error:  # a page that crashed or hangs must not hide the test's own failure
            (folder / f"page-{index}.txt").write_text(str(error))
