"""The product without Streamlit around it: its routes on a real server, its services for pages."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import requests
from anyio.from_thread import BlockingPortal
from starlette.applications import Starlette
from starlette.middleware import Middleware

from billing.http.guards.allowed_hosts import AllowedHosts
from billing.http.protection import protected
from billing.http.request_ids import RequestIds
from billing.http.traced_requests import TracedRequests
from billing.metrics.http import MeasuredRequests
from billing.routes import PREVIEWS, change_socket, routes
from billing.services import Services
from billing.urls import WEBHOOK_PATH
from tests.support.database.records import event_rows, ledger
from tests.support.servers.server import serving
from tests.support.servers.services import STRIPE_NAME
from tests.support.servers.timings import PATIENT
from tests.support.servers.webhooks import signature

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

    from uvicorn.config import WSProtocolType

    from billing.domain.ledger.line import LedgerLine
    from billing.settings.model import Settings
    from billing.timings import Timings

ANSWERS_WITHIN = 30.0


@dataclass(frozen=True)
class BillingServer:
    """``url`` serves ``/api/billing/*``; ``portal`` runs the services' coroutines."""

    url: str
    services: Services
    portal: BlockingPortal

    def deliver(self, event: dict[str, Any]) -> requests.Response:
        """The answer to a signed webhook."""
        body = json.dumps(event).encode()
        headers = {"Stripe-Signature": signature(body)}
        url = f"{self.url}{WEBHOOK_PATH}"
        return requests.post(url, data=body, headers=headers, timeout=ANSWERS_WITHIN)

    def health(self) -> requests.Response:
        """The answer to whether it is well."""
        return requests.get(f"{self.url}/api/billing/health", timeout=ANSWERS_WITHIN)

    def ledger(self) -> dict[str, LedgerLine]:
        """Every line of the ledger, by its session."""
        return self.portal.call(ledger, self.services.store)

    def events(self) -> dict[str, dict[str, Any]]:
        """Every event as recorded, by its id."""
        return self.portal.call(event_rows, self.services.store)


def billing_app(services: Services, lifespan: Callable[..., Any]) -> Starlette:
    """The routes, observed and protected as they are in the product."""
    allowed = AllowedHosts(public_url=services.settings.public_url)
    protection = Middleware(protected, allowed=lambda: allowed, previews=PREVIEWS)
    observed = (
        Middleware(RequestIds),
        Middleware(TracedRequests),
        Middleware(MeasuredRequests, metrics=lambda: services.metrics),
    )
    return Starlette(
        routes=[change_socket(lambda: services), *routes(lambda: services)],
        lifespan=lifespan,
        middleware=[*observed, protection],
    )


@contextmanager
def billing_server(
    settings: Settings,
    timings: Timings = PATIENT,
    /,
    *,
    listener: socket.socket | None = None,
    websockets: bool = False,
    sandbox_secrets: Callable[[], Sequence[str]] = tuple,
    **changed: Any,
) -> Iterator[BillingServer]:
    """Serve the routes, with all that runs behind them; ``changed`` are other timings."""
    portals: list[BlockingPortal] = []
    services = Services(
        settings,
        stripe_name=STRIPE_NAME,
        timings=replace(timings, **changed),
        sandbox_secrets=sandbox_secrets,
    )

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with services.running(), BlockingPortal() as portal:
            portals.append(portal)
            yield
            await portal.stop(cancel_remaining=True)  # nobody waits for a page's question

    ws: WSProtocolType = "websockets-sansio" if websockets else "none"  # as Streamlit's server
    with serving(billing_app(services, lifespan), listener, ws=ws) as url:
        yield BillingServer(url, services, *portals)
