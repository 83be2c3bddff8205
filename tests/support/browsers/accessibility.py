"""axe-core over a page as it stands: https://github.com/dequelabs/axe-core"""

from __future__ import annotations

import time
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.sync_api import Page

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
# Drawers have slid in and colours have faded to what they will be; spinners may turn on.
AT_REST = """() => document.getAnimations().every(animation =>
    animation.playState !== "running" ||
    animation.effect.getComputedTiming().iterations === Infinity)"""
# Streamlit's help stays beside a button that has the keyboard's focus, outside of all landmarks.
NO_HELP = """() => {
    if (!document.querySelector(".stTooltipContent, .stTooltipErrorContent")) return true;
    document.activeElement?.blur();
    return false;
}"""
LOADED = "'axe' in window"
# Without loading all style sheets once more, for a rule that is experimental and off.
RUN = """only => axe.run({
    resultTypes: ['violations'], preload: false, ...(only.length ? {runOnly: only} : {})
})"""
BY_LOOK = ("color-contrast", "target-size", "scrollable-region-focusable", "link-in-text-block")
"""The rules whose answer changes with the colour scheme or the size of the screen."""
FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
# What a page shows for an instant, while rows are drawn anew, is looked at again.
PATIENCE = 20.0


def check(page: Page, rules: Sequence[str] = ()) -> None:
    """Fails with what axe-core finds wrong with the page, by all of its rules or these, or when it
    is wider than the screen."""
    if not page.evaluate(LOADED):
        page.evaluate(AXE)
    page.mouse.move(0, 0)  # no help hangs over the button that was pressed
    page.wait_for_function(NO_HELP)
    page.wait_for_function(AT_REST)
    deadline = time.monotonic() + PATIENCE
    while (found := violations(page, rules)) and time.monotonic() < deadline:
        pass
    assert not found, "\n".join([page.url, *found])
    assert fits(page), f"{page.url} is wider than the screen"


def fits(page: Page) -> bool:
    """Nothing of the page lies beside the screen."""
    return bool(page.evaluate(FITS))


def violations(page: Page, rules: Sequence[str] = ()) -> list[str]:
    """Each violation of axe-core's rules, of whatever impact, with where it is."""
    results: dict[str, Any] = page.evaluate(RUN, list(rules))
    return [
        f"{rule['impact']} {rule['id']}: {node['html'][:200]}\n    {node['failureSummary']}"
        for rule in results["violations"]
        for node in rule["nodes"]
    ]
