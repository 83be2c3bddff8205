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
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from playwright.sync_api import expect, sync_playwright

from billing.access.caller import Caller, become
from billing.domain.access import ADMIN_OF_THIS_MACHINE
from billing.domain.sessions.checkout_session import Outcome
from pages.scenarios.sandbox_client import Controls
from tests.support.browsers.accessibility import AT_REST, AXE, fits, violations
from tests.support.browsers.demo_history import fill_a_month
from tests.support.chromium import find
from tests.support.servers.dashboard import dashboard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

    from billing.domain.stripe_json import JSON

HEIGHTS = {1280: 860, 1920: 1080, 390: 844}
WIDEST = max(HEIGHTS)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SIZES = (400, 2_000, 10_000)
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

PAGES = {
    "billing": "billing",
    "sessions": "sessions",
    "customers": "customers",
    "events": "events",
    "test-kit-scenarios": "test-kit?show=Scenarios",
    "test-kit-cards": "test-kit?show=Test+cards",
    "test-kit-open": "test-kit?show=Open+sessions",
    "test-kit-clock": "test-kit?show=Clock+and+faults",
    "test-kit-demo": "test-kit?show=Demo+data",
    "setup": "setup",
    "audit": "audit",
}


@dataclass(frozen=True)
class View:
    """What is photographed: an address, and what is pressed there first."""

    name: str
    url: str
    press: Callable[[Page], None] | None = None


def pages(url: str) -> list[View]:
    """Every page of the dashboard at ``url``."""
    return [View(name, f"{url}/app/{path}") for name, path in PAGES.items()]


def filled(url: str) -> list[View]:
    """The same with what there is once it has sessions."""
    outcomes = [View(f"sessions-{one}", f"{url}/app/sessions?outcome={one}") for one in Outcome]
    return [*pages(url), *outcomes, *Sold(url).views()]


class Sold:
    """What a filled sandbox holds that drawers and hosted pages are about."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stripe = Controls(f"{url}/sandbox/_control").stripe

    def views(self) -> list[View]:
        """The drawers, their dialogs, what a return from Checkout shows, the hosted pages."""
        subscription = self._newest("subscriptions", status="active")
        customer = self._customer(subscription["customer"])
        dialogs = [View(f"dialog-{name}", customer, opener) for name, opener in OPENERS.items()]
        return [*self._drawers(), *dialogs, *self._hosted(subscription)]

    def later(self) -> list[View]:
        """The same of what has become of subscriptions once they were to be renewed."""
        found = []
        for status in ("past_due", "canceled", "active"):
            for one in self._stripe.page("subscriptions", status=status, limit=100)[-1:]:
                name, customer = f"customer-{status}", self._customer(one["customer"])
                found += [
                    View(f"drawer-{name}", customer),
                    View(f"portal-{name}", self._portal(one)),
                ]
        for invoice in self._stripe.page("invoices", status="open", limit=1):
            found.append(View("invoice-open", invoice["hosted_invoice_url"]))
        return [*found, View("customers", f"{self._url}/app/customers")]

    def _drawers(self) -> Iterator[View]:
        for name, session in self._sessions().items():
            yield View(f"drawer-session-{name}", f"{self._url}/app/sessions?session={session}")
            returned = f"billing?success=1&session_id={session}"
            yield View(f"return-{name}", f"{self._url}/app/{returned}")
        for name, one in (
            ("paid", self._newest("subscriptions", status="active")),
            ("refunded", self._charge(self._newest("refunds"))),
            ("disputed", self._charge(self._newest("disputes"))),
        ):
            who = one["customer"] or one["billing_details"]["email"]
            yield View(f"drawer-customer-{name}", self._customer(who))
        event = self._newest("events", type="checkout.session.completed")["id"]
        yield View("drawer-event", f"{self._url}/app/events?event={event}")
        yield View("return-canceled", f"{self._url}/app/billing?canceled=1")

    def _sessions(self) -> dict[str, str]:
        """A session of each kind, by its id."""
        found: dict[str, str] = {}
        for session in self._stripe.page("checkout/sessions", limit=100):
            found.setdefault(f"{session['status']}-{session['payment_status']}", session["id"])
        for name, path in (("refunded", "refunds"), ("disputed", "disputes")):
            for one in self._stripe.page(path, limit=100):  # some are of an invoice's payment
                intent = {"payment_intent": one["payment_intent"]}
                if paid := self._stripe.page("checkout/sessions", **intent):
                    found[name] = paid[0]["id"]
                    break
        return found

    def _hosted(self, subscription: JSON) -> Iterator[View]:
        portal = self._portal(subscription)
        yield View("portal", portal)
        yield View("portal-cancel", f"{portal}/subscriptions/{subscription['id']}/cancel")
        yield View("portal-card", f"{portal}/payment-method")
        for invoice in self._stripe.page("invoices", status="paid", limit=1):
            yield View("invoice-paid", invoice["hosted_invoice_url"])
        for session in self._stripe.page("checkout/sessions", status="open", limit=1):
            yield View("checkout", session["url"])

    def _customer(self, who: str) -> str:
        return f"{self._url}/app/customers?customer={who}"

    def _portal(self, subscription: JSON) -> str:
        customer = {"customer": subscription["customer"]}
        return str(self._stripe.post("billing_portal/sessions", customer)["url"])

    def _charge(self, of: JSON) -> JSON:
        return self._stripe.get(f"charges/{of['charge']}")

    def _newest(self, path: str, **params: Any) -> JSON:
        return self._stripe.page(path, limit=1, **params)[0]


def choose(page: Page, item: str) -> None:
    """Press the drawer's button of that name, or choose it in its first menu that has it."""
    drawer = page.get_by_role("dialog")
    menus = drawer.get_by_role("button", name="More").or_(
        drawer.get_by_role("button", name="Actions")
    )
    expect(menus.first).to_be_visible()
    button = drawer.get_by_role("button", name=item)
    if button.count():
        button.first.click()
    else:
        for menu in menus.all():
            menu.click()
            entry = page.get_by_role("menuitem", name=item)
            if entry.count():
                entry.click()
                break
            page.keyboard.press("Escape")
    dialog = drawer.locator(".st-key-action_dialog")
    expect(dialog).to_be_visible()
    dialog.scroll_into_view_if_needed()


OPENERS = {
    name: partial(choose, item=item)
    for name, item in (
        ("refund", "Refund…"),
        ("cancel-now", "Cancel now…"),
        ("cancel-at-end", "Cancel at period end…"),
        ("pause", "Pause collection…"),
        ("portal", "Customer portal…"),
        ("dispute", "Dispute…"),
        ("fail-renewal", "Let the next renewal fail…"),
    )
}


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
                page.goto(view.url)
                rest(page)
                if view.press:
                    view.press(page)
                    rest(page)
                else:
                    whole = min(max(whole_height(page), height), TALLEST)
                    page.set_viewport_size({"width": width, "height": whole})
                    rest(page)
                page.screenshot(path=path)
                page.evaluate(AXE)
                wrong = violations(page) + ["wider than the screen"] * (not fits(page))
                print(path, *wrong, sep="\n    ", flush=True)
                page.close()
            context.close()


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
