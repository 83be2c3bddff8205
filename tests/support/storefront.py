"""A little shop that sells through the sandbox: what a Checkout page needs around it in a test."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import anyio.to_thread
import stripe
from playwright.sync_api import Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route

from stripe_sandbox import Sandbox, SandboxConfig
from tests.support.server import listening_socket, serving

if TYPE_CHECKING:
    from stripe.params.checkout import SessionCreateParams

PATIENCE = 10.0


class Storefront:
    """Makes Checkout Sessions over HTTP with the SDK, takes webhooks, and welcomes back.

    The sandbox is served under `/sandbox` as the app does, and at the root as it is alone.
    """

    def __init__(self, sandbox: Sandbox, url: str) -> None:
        self.url = url
        self.sandbox = sandbox
        self.answers_webhooks = threading.Event()
        self.answers_webhooks.set()
        self.told: list[dict[str, Any]] = []
        self.stripe = stripe.StripeClient(
            "sk_test_sandbox",
            base_addresses={"api": f"{url}/sandbox"},
            max_network_retries=0,
        )
        self.pro = sandbox.ensure_price(
            lookup_key="pro_monthly",
            product_name="Pro plan",
            product_description="Everything, without limits.",
            unit_amount=9900,
            currency="usd",
            interval="month",
        )
        self.credit = sandbox.ensure_price(
            lookup_key="extra_credit",
            product_name="Extra load credits",
            unit_amount=99,
            currency="usd",
            interval=None,
        )
        sandbox.ensure_webhook_endpoint(url=f"{url}/webhook", description="The shop")

    def routes(self) -> list[Route]:
        """The shop's own pages."""
        return [
            Route("/thanks", lambda _: HTMLResponse("<h1>Thank you</h1>")),
            Route("/basket", lambda _: HTMLResponse("<h1>Your basket</h1>")),
            Route("/favicon.ico", lambda _: Response(status_code=204)),
            Route("/webhook", self._webhook, methods=["POST"]),
        ]

    async def _webhook(self, request: Request) -> Response:
        self.told.append(json.loads(await request.body()))
        await anyio.to_thread.run_sync(self.answers_webhooks.wait, PATIENCE)
        return Response("kept")

    def sell_credits(self, quantity: int = 10, **params: Any) -> stripe.checkout.Session:
        """A Checkout Session for credits, one payment."""
        return self._sell("payment", self.credit, quantity, params)

    def sell_pro(self, **params: Any) -> stripe.checkout.Session:
        """A Checkout Session for the Pro plan, a subscription."""
        return self._sell("subscription", self.pro, 1, params)

    def _sell(
        self, mode: str, price: str, quantity: int, params: dict[str, Any]
    ) -> stripe.checkout.Session:
        whole = {
            "mode": mode,
            "line_items": [{"price": price, "quantity": quantity}],
            "success_url": f"{self.url}/thanks?session_id={{CHECKOUT_SESSION_ID}}",
            "cancel_url": f"{self.url}/basket",
            **params,
        }
        return self.stripe.v1.checkout.sessions.create(cast("SessionCreateParams", whole))

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
            for event in self.told
            if event["type"] == "checkout.session.completed"
            and event["data"]["object"]["id"] == identifier
        ]


@contextmanager
def open_storefront(folder: Path) -> Iterator[Storefront]:
    """A shop, open on a free port, with a sandbox whose file lies in the folder."""
    listener = listening_socket()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    sandbox = Sandbox(
        SandboxConfig(database=folder / "stripe_sandbox.sqlite3", base_url=f"{url}/sandbox")
    )
    storefront = Storefront(sandbox, url)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with sandbox.running():
            yield

    app = Starlette(
        routes=[*storefront.routes(), Mount("/sandbox", sandbox.asgi), Mount("/", sandbox.asgi)],
        lifespan=lifespan,
    )
    with serving(app, listener):
        yield storefront
