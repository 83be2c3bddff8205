"""What there is to photograph: pages, drawers, dialogs, and the sandbox's hosted pages."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

from billing.domain.sessions.checkout_session import Outcome
from pages.scenarios.sandbox_client import Controls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page

    from billing.domain.stripe_json import JSON

PAGES = {
    "billing": "billing",
    "sessions": "sessions",
    "customers": "customers",
    "events": "events",
    "requests": "requests",
    "requests-dashboard": "requests?log=dashboard&errors=1",
    "endpoints": "endpoints",
    "test-kit-scenarios": "test-kit?show=Scenarios",
    "test-kit-cards": "test-kit?show=Test+cards",
    "test-kit-open": "test-kit?show=Open+sessions",
    "test-kit-clock": "test-kit?show=Clock+and+faults",
    "test-kit-webhook-faults": "test-kit?show=Webhook+faults",
    "test-kit-demo": "test-kit?show=Demo+data",
    "setup": "setup",
    "audit": "audit",
}


@dataclass(frozen=True)
class View:
    """What is photographed: an address, or what makes one that soon expires, and what is pressed
    there first."""

    name: str
    url: str | Callable[[], str]
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
                    View(f"portal-{name}", partial(self._portal, one)),
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
        cancel = f"/subscriptions/{subscription['id']}/cancel"
        for name, path in (("", ""), ("-cancel", cancel), ("-card", "/payment-method")):
            yield View(f"portal{name}", partial(self._portal, subscription, path))
        for invoice in self._stripe.page("invoices", status="paid", limit=1):
            yield View("invoice-paid", invoice["hosted_invoice_url"])
        for session in self._stripe.page("checkout/sessions", status="open", limit=1):
            yield View("checkout", session["url"])

    def _customer(self, who: str) -> str:
        return f"{self._url}/app/customers?customer={who}"

    def _portal(self, subscription: JSON, path: str = "") -> str:
        customer = {"customer": subscription["customer"]}
        return f"{self._stripe.post('billing_portal/sessions', customer)['url']}{path}"

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
