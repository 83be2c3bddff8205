"""A running sandbox, the stripe SDK in front of it, and a shop's webhook endpoint behind it."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
import stripe
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp
from stripe.checkout import Session

from stripe_sandbox.checkout_page.view import CheckoutView, CheckoutViews
from stripe_sandbox.clock import Clock, ManualClock
from stripe_sandbox.http_protocol import HttpProtocol
from stripe_sandbox.payments.checkout import Card, Payer, PaymentOutcome
from stripe_sandbox.resources.customers.payment_methods import PaymentMethods
from stripe_sandbox.sandbox import Sandbox, SandboxConfig
from tests.support.servers.server import listening_socket, serving
from tests.support.stripe.stripe_types import assert_fits

KEY = "sk_test_sandbox"
UNRELATED = "balance.available"
"""What happens to every payment two business days on: tests/stripe_sandbox/resources tests it."""
PAYER = Payer(email="payer@example.com", name="Test Payer")


def card(number: str = "4242424242424242", **other: Any) -> Card:
    """A card that is right but for what is said otherwise."""
    cvc = "1234" if number.startswith("37") else "123"
    return Card(number, **{"exp_month": 12, "exp_year": 2040, "cvc": cvc, **other})


@dataclass
class Receiver:
    """A shop's webhook endpoint: keeps what it is sent, answers `answer(request)`."""

    url: str
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answer: Callable[[], Response] = lambda: Response("ok")
    wait: Callable[[], Awaitable[None]] | None = None
    """Awaited before each answer."""

    async def endpoint(self, request: Request) -> Response:
        body = await request.body()
        if self.wait is not None:
            await self.wait()
        self.received.append((dict(request.headers), body))
        return self.answer()

    def events(self) -> list[dict[str, Any]]:
        """The events received."""
        return [json.loads(body) for _, body in self.received]


@dataclass
class SandboxServer:
    """A sandbox that is served, with a Price of the Pro plan and one of a credit."""

    sandbox: Sandbox
    url: str
    clock: ManualClock
    stripe: stripe.StripeClient
    receiver: Receiver
    pro: str
    credit: str

    def create(self, **params: Any) -> Session:
        """A session that sells three credits, or what is said otherwise."""
        return self.stripe.v1.checkout.sessions.create(params=self.params(**params))

    def params(self, **params: Any) -> Any:
        """The parameters for it."""
        return {
            "mode": "payment",
            "line_items": [{"price": self.credit, "quantity": 3}],
            "success_url": "http://shop.example/thanks?session_id={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://shop.example/cart",
            **params,
        }

    def subscribe(self, **params: Any) -> Session:
        """A session that sells the Pro plan."""
        items = [{"price": self.pro, "quantity": 1}]
        return self.create(**{"mode": "subscription", "line_items": items, **params})

    def pay(self, session: str, number: str = "4242424242424242", **other: Any) -> PaymentOutcome:
        """Pay a session with a card."""
        return self.sandbox.payments.pay(session, card(number, **other), PAYER)

    def retrieve(self, session: str, *expand: str) -> Any:
        """A session as it is now."""
        params: Any = {"expand": list(expand)}
        return self.stripe.v1.checkout.sessions.retrieve(session, params=params)

    def paid_subscription(self, card: str = "4242424242424242", **params: Any) -> dict[str, Any]:
        """A subscription that was paid with the card, after 3-D Secure where it is asked for."""
        session = self.subscribe(**params)
        body = {"card": card, "authenticate": True}
        assert self.control("POST", f"sessions/{session.id}/pay", body)["outcome"] == "paid"
        paid = self.get(f"/v1/checkout/sessions/{session.id}", **{"expand[0]": "subscription"})
        found: dict[str, Any] = paid["subscription"]
        return found

    def advance(self, seconds: float) -> list[dict[str, Any]]:
        """Move the clock; the events of the way but for `UNRELATED`, all of which fit Stripe's
        types."""
        answer = self.control("POST", "clock", {"advance_seconds": seconds})
        return [one for one in self.events(answer["events"]) if one["type"] != UNRELATED]

    def events(self, ids: Iterable[str]) -> list[dict[str, Any]]:
        """These events, all of which fit Stripe's types."""
        found = [self.get(f"/v1/events/{event}") for event in ids]
        assert_fits(*found)
        return found

    def view(self, session: str) -> CheckoutView | None:
        """What a session's Checkout page shows."""
        backend = self.sandbox._backend
        views = CheckoutViews(backend, self.sandbox._sessions, PaymentMethods(backend))
        return views.get(session)

    def event_types(self) -> list[str]:
        """The types of all events, the oldest first, but for `UNRELATED`."""
        found = self.stripe.v1.events.list(params={"limit": 100}).data
        return [event.type for event in reversed(found) if event.type != UNRELATED]

    def event_types_since(self, known: list[str]) -> list[str]:
        """The types of the events since ``event_types`` said these."""
        return self.event_types()[len(known) :]

    def fetch(self, path: str, **params: Any) -> requests.Response:
        """A raw GET."""
        return requests.get(self.url + path, params=params, auth=(KEY, ""), timeout=10)

    def page(self, session: str) -> str:
        """The HTML of a session's Checkout page."""
        return self.fetch(f"/c/pay/{session}").text

    def get(self, path: str, **params: Any) -> Any:
        """What the API answers, as JSON."""
        answer = self.fetch(path, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def control(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        """What a control answers, as JSON."""
        answer = requests.request(
            method,
            f"{self.url}/_control/{path}",
            json=body,
            headers={"Authorization": f"Bearer {KEY}"},
            timeout=30,
        )
        assert answer.status_code == status, answer.text
        return answer.json()

    def post(self, path: str, form: Any = None, **headers: str) -> requests.Response:
        """A raw POST."""
        return self.send("POST", path, form, **headers)

    def send(self, method: str, path: str, form: Any = None, **headers: str) -> requests.Response:
        """A raw request of the method."""
        given = {"Authorization": f"Bearer {KEY}", **headers}
        return requests.request(method, self.url + path, data=form, headers=given, timeout=10)


def types(events: Iterable[dict[str, Any]]) -> list[str]:
    """The types of events."""
    return [event["type"] for event in events]


def refused(call: Callable[[], Any]) -> stripe.StripeError:
    """The error with which the SDK reports that the call was refused."""
    with pytest.raises(stripe.StripeError) as caught:
        call()
    return caught.value


def price_of(
    sandbox: Sandbox, key: str, name: str, amount: int, interval: str | None = None
) -> str:
    """The id of a price in US cents."""
    params = {
        "currency": "usd",
        "lookup_key": key,
        "product_data": {"name": name},
        "unit_amount": amount,
    }
    return sandbox.ensure_price(
        params | {"recurring": {"interval": interval}} if interval else params
    )


def _as_by_its_command(config: uvicorn.Config) -> None:
    config.http_protocol_class = HttpProtocol


@contextmanager
def sandbox_server(
    database: Path | None,
    clock: Clock | None = None,
    *,
    path: str = "",
    pages: Iterable[Route] = (),
    around: Callable[[ASGIApp], ASGIApp] = lambda app: app,
    **config: Any,
) -> Iterator[SandboxServer]:
    """Serve a sandbox; its clock stands unless another one is given.

    It is served at the root; with a ``path`` there too, and its links lead there. ``pages`` are
    the shop's own. ``around`` may wrap the sandbox's app.
    """
    manual = ManualClock(int(time.time()))
    listener = listening_socket()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    config.setdefault("base_url", f"{url}{path}")
    sandbox = Sandbox(SandboxConfig(database=database, **config), clock or manual)
    asgi = around(sandbox.asgi)
    receiver = Receiver(f"{url}/shop/webhook")
    pro = price_of(sandbox, "pro", "Pro plan", 9900, "month")
    credit = price_of(sandbox, "credit", "Credit", 99)
    app = Starlette(
        routes=[
            Route("/shop/webhook", receiver.endpoint, methods=["POST"]),
            Route("/shop/elsewhere", lambda _: Response("ok"), methods=["GET", "POST"]),
            *pages,
            Mount(path, asgi),
            Mount("/", asgi),
        ],
        lifespan=lambda _: sandbox.running(),
    )
    client = stripe.StripeClient(KEY, base_addresses={"api": url}, max_network_retries=0)
    with serving(app, listener, prepare=_as_by_its_command):
        yield SandboxServer(sandbox, url, manual, client, receiver, pro, credit)
    sandbox.close()
