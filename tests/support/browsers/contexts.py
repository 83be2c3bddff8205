"""Browser contexts that are used again by one test after the other.

In a new context Chromium fetches and compiles all scripts of a page anew. An emptied one has no
cookies and nothing stored, but what it has fetched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playwright.sync_api import Error

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Response

    from tests.support.browsers.browser import ColorScheme

    Look = tuple[tuple[int, int], ColorScheme]

BLANK = "about:blank"
TIMEOUT = 45_000.0  # milliseconds; generous, as nothing here waits for longer than it must
HAS_CLOCK = "'__pwClock' in globalThis"  # of Playwright's, in the whole context
# Nothing moves: on a busy machine a click lands where a thing was. Streamlit's drawers heed
# `prefers-reduced-motion`; its expanders don't, so their animations end as they begin.
_AT_REST = """(() => {
    const animate = Element.prototype.animate;
    Element.prototype.animate = function (...how) {
        const animation = animate.apply(this, how);
        if (animation.effect.getComputedTiming().endTime < Infinity) animation.finish();
        return animation;
    };
})()"""


class Contexts:
    """``take`` a context for a test, ``give_back`` it after."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._free: dict[Look, list[BrowserContext]] = {}
        self._looks: dict[BrowserContext, Look] = {}
        self._origins: dict[BrowserContext, set[str]] = {}

    def take(
        self, size: tuple[int, int], color_scheme: ColorScheme, **options: Any
    ) -> BrowserContext:
        """An empty context; with options beyond the look, one that is made for it alone."""
        look = (size, color_scheme)
        if not options and (free := self._free.get(look)):
            return free.pop()
        width, height = size
        context = self._browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=color_scheme,
            reduced_motion="reduce",
            **options,
        )
        context.add_init_script(_AT_REST)
        context.set_default_timeout(TIMEOUT)
        if not options:
            origins = self._origins[context] = set[str]()
            self._looks[context] = look
            context.on("response", lambda response: origins.add(_origin(response)))
        return context

    def give_back(self, context: BrowserContext, *, again: bool) -> None:
        """Empty it for another test, if it may be used ``again``; else close it."""
        look = self._looks.get(context)
        if again and look and context.pages and self._empty(context):
            self._free.setdefault(look, []).append(context)
        else:
            self._looks.pop(context, None)
            self._origins.pop(context, None)
            context.close()

    def _empty(self, context: BrowserContext) -> bool:
        """False where it stays as it is: a clock of a test's goes on in every page after it."""
        *others, last = context.pages
        for page in others:
            page.close()
        try:
            if last.evaluate(HAS_CLOCK):
                return False
            self._park(last)
        except Error:  # it is on its way to another page
            return False
        context.clear_cookies()
        storage = context.new_cdp_session(last)
        for origin in self._origins[context]:
            what = {"origin": origin, "storageTypes": "all"}
            storage.send("Storage.clearDataForOrigin", what)
        storage.detach()
        self._origins[context].clear()
        return True

    def _park(self, page: Page) -> None:
        """It keeps the process of its site, with what that has compiled, until the next test."""
        page.evaluate("location.replace('about:blank')")
        page.wait_for_url(BLANK)


def _origin(response: Response) -> str:
    return "/".join(response.url.split("/", 3)[:3])
