"""The product without Streamlit around it: its routes on a real server, its services for pages."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from anyio.from_thread import BlockingPortal
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.middleware import Middleware

from billing.http.allowed_hosts import AllowedHosts
from billing.http.protection import protected
from billing.routes import PREVIEWS, routes
from billing.services import Services
from billing.settings.model import Settings
from tests.support.schema import sqlite_template
from tests.support.server import serving
from tests.support.timings import PATIENT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

STRIPE_NAME = "Stripe under test"


@dataclass(frozen=True)
class BillingServer:
    """``url`` serves ``/api/billing/*``; ``portal`` runs the services' coroutines."""

    url: str
    services: Services
    portal: BlockingPortal


def working_settings(tmp_path: Path, stripe_url: str, **values: Any) -> Settings:
    """Settings with everything in order, talking to the Stripe at ``stripe_url``.

    The database lies in ``tmp_path``, with the current schema; one that is there stays as it is.
    """
    database = tmp_path / "billing.sqlite3"
    if not database.exists():
        database.write_bytes(sqlite_template())
    settings = Settings(
        secret_key=SecretStr("sk_test_of_the_tests"),
        webhook_secrets=(SecretStr("whsec_of_the_tests"),),
        price_pro_monthly="price_pro",
        price_extra_credit="price_credit",
        public_url="http://localhost:8501",
        api_base=stripe_url,
        database_url=SecretStr(f"sqlite:///{database}"),
    )
    return replace(settings, **values)


@contextmanager
def billing_server(settings: Settings, **timings: Any) -> Iterator[BillingServer]:
    """Serve the routes; ``timings`` are those that differ from ``PATIENT``."""
    held: dict[str, Any] = {}

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        services = Services(settings, stripe_name=STRIPE_NAME, timings=replace(PATIENT, **timings))
        async with services.running(), BlockingPortal() as portal:
            held.update(services=services, portal=portal)
            yield
            await portal.stop(cancel_remaining=True)  # nobody waits for a page's question

    allowed = AllowedHosts(public_url=settings.public_url)
    protection = Middleware(protected, allowed=lambda: allowed, previews=PREVIEWS)
    app = Starlette(
        routes=routes(lambda: held["services"]), lifespan=lifespan, middleware=[protection]
    )
    with serving(app) as url:
        yield BillingServer(url, held["services"], held["portal"])
