"""The routes over real HTTP with quick services behind them, and what people send there."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests
from anyio.from_thread import BlockingPortal
from starlette.applications import Starlette

from billing.routes import routes
from tests.support.quick_services import event_rows, ledger, quick_services, settings_for, signature
from tests.support.server import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from billing.domain.grant import Grant
    from billing.services import Services

ANSWERS_WITHIN = 30.0


@dataclass(frozen=True)
class QuickServer:
    """A server at ``url`` with everything at work."""

    url: str
    services: Services
    portal: BlockingPortal

    def deliver(self, event: dict[str, Any]) -> requests.Response:
        """The answer to a signed webhook."""
        body = json.dumps(event).encode()
        return requests.post(
            f"{self.url}/api/billing/stripe/webhook",
            data=body,
            headers={"Stripe-Signature": signature(body)},
            timeout=ANSWERS_WITHIN,
        )

    def health(self) -> requests.Response:
        return requests.get(f"{self.url}/api/billing/health", timeout=ANSWERS_WITHIN)

    def ledger(self) -> dict[str, Grant]:
        return self.portal.call(ledger, self.services.store)

    def events(self) -> dict[str, dict[str, Any]]:
        return self.portal.call(event_rows, self.services.store)


@contextmanager
def quick_server(stripe_url: str, database_url: str) -> Iterator[QuickServer]:
    """Serve until the block is left."""
    services = quick_services(settings_for(stripe_url, database_url))
    held: dict[str, BlockingPortal] = {}

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with services.running(), BlockingPortal() as portal:
            held["portal"] = portal
            yield

    app = Starlette(routes=routes(lambda: services), lifespan=lifespan)
    with serving(app) as url:
        yield QuickServer(url, services, held["portal"])
