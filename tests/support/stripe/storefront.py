"""A little shop that sells through the sandbox: what a Checkout page needs around it in a test."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from playwright.sync_api import Page, expect
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from stripe_sandbox.clock import Clock
from tests.support.stripe.sandbox_server import SandboxServer, price_of, sandbox_server
from tests.support.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import stripe

PAGES = [
    Route("/thanks", lambda _: HTMLResponse("<h1>Thank you</h1>")),
    Route("/basket", lambda _: HTMLResponse("<h1>Your basket</h1>")),
    Route("/favicon.ico", lambda _: Response(status_code=204)),
]


class Storefront:
    """Makes Checkout Sessions over HTTP with the SDK, takes webhooks, and welcomes back.

    The sandbox is served under `/sandbox` as the app does, and at the root as it is alone.
    """

    def __init__(self, server: SandboxServer) -> None:
        self.url = server.url
        self.server = server
        self.stripe = server.stripe
        self.answers_webhooks = threading.Event()
        self.answers_webhooks.set()
        server.receiver.wait = self._wait
        self.pro = server.sandbox.ensure_price(
            {
                "currency": "usd",
                "lookup_key": "pro_monthly",
                "product_data": {"name": "Pro plan", "description": "Everything, without limits."},
                "recurring": {"interval": "month"},
                "unit_amount": 9900,
            }
        )
        self.credit = price_of(server.sandbox, "extra_credit", "Extra load credits", 99)
        server.sandbox.ensure_webhook_endpoint(url=server.receiver.url, description="The shop")

    async def _wait(self) -> None:
        await anyio.to_thread.run_sync(self.answers_webhooks.wait, PATIENCE)

    def sell_credits(self, quantity: int = 10, **params: Any) -> stripe.checkout.Session:
        """A Checkout Session for credits, one payment."""
        items = [{"price": self.credit, "quantity": quantity}]
        return self.server.create(**{"line_items": items, **self._links(), **params})

    def sell_pro(self, **params: Any) -> stripe.checkout.Session:
        """A Checkout Session for the Pro plan, a subscription."""
        items = [{"price": self.pro, "quantity": 1}]
        return self.server.subscribe(**{"line_items": items, **self._links(), **params})

    def _links(self) -> dict[str, str]:
        return {
            "success_url": f"{self.url}/thanks?session_id={{CHECKOUT_SESSION_ID}}",
            "cancel_url": f"{self.url}/basket",
        }

    def price_of(self, name: str, unit_amount: int = 500, currency: str = "usd") -> str:
        """A new one-time Price of a new Product of that name."""
        product = self.stripe.v1.products.create({"name": name})
        price = self.stripe.v1.prices.create(
            {"product": product.id, "unit_amount": unit_amount, "currency": currency}
        )
        return price.id

    def visit(self, page: Page, session: stripe.checkout.Session) -> None:
        """Open the session's Checkout link."""
        assert session.url is not None
        page.goto(session.url)

    def expect_thanks(self, page: Page, session: stripe.checkout.Session) -> None:
        """The customer is back from paying that session."""
        page.wait_for_url(f"{self.url}/thanks?session_id={session.id}")
        expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")

    def session(self, identifier: str) -> stripe.checkout.Session:
        """What the sandbox says of a session now."""
        return self.stripe.v1.checkout.sessions.retrieve(identifier)

    def completions(self, identifier: str) -> list[dict[str, Any]]:
        """The `checkout.session.completed` events that reached the shop for a session."""
        return [
            event
            for event in self.server.receiver.events()
            if event["type"] == "checkout.session.completed"
            and event["data"]["object"]["id"] == identifier
        ]


@contextmanager
def open_storefront(folder: Path) -> Iterator[Storefront]:
    """A shop, open on a free port, with a sandbox whose file lies in the folder."""
    database = folder / "stripe_sandbox.sqlite3"
    with sandbox_server(database, Clock(), path="/sandbox", pages=PAGES) as server:
        yield Storefront(server)
