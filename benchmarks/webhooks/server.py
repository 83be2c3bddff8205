"""A server that takes webhooks, ours or the naive one; prints its base URL.

``python -m benchmarks.webhooks.server ours sqlite:///events.sqlite3 http://127.0.0.1:1234``
"""

from __future__ import annotations

import socket
import sqlite3
import sys
import threading
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import stripe
import uvicorn
from anyio import to_thread
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from benchmarks.stripe.answers import PRICE_CREDIT, PRICE_PRO
from benchmarks.webhooks.events import PATH, SECRET
from billing.routes import routes
from billing.services import Services
from billing.settings.model import Settings
from billing.stripe_api.calls import STRIPE_SANDBOX_RATE
from billing.timings import Timings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request


def ours(database: str, stripe_url: str, turns: float | None = STRIPE_SANDBOX_RATE) -> Starlette:
    """The product's own routes, settling and filling the mirror meanwhile at Stripe's rate."""
    settings = Settings(
        secret_key=SecretStr("sk_test_bench"),
        webhook_secrets=(SecretStr(SECRET),),
        price_pro_monthly=PRICE_PRO,
        price_extra_credit=PRICE_CREDIT,
        api_base=stripe_url,
        database_url=SecretStr(database),
    )
    timings = Timings(stripe_requests_per_second=turns)
    services = Services(settings, stripe_name="Benchmark", timings=timings)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with services.running():
            await services.store.ping()
            yield

    return Starlette(routes=routes(lambda: services), lifespan=lifespan)


def naive(database: str, _stripe_url: str) -> Starlette:
    """As tutorials do it, made durable: the SDK's construct_event, one commit for each event."""
    path = database.removeprefix("sqlite:///")
    local = threading.local()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE events (id TEXT PRIMARY KEY, payload TEXT)")

    def keep(body: bytes, signature: str) -> None:
        event = stripe.Webhook.construct_event(body, signature, SECRET, api_key="sk_test_bench")
        if not hasattr(local, "connection"):
            local.connection = sqlite3.connect(path, timeout=30)
            local.connection.execute("PRAGMA synchronous=FULL")
        with local.connection as connection:
            connection.execute("INSERT OR IGNORE INTO events VALUES (?, ?)", (event.id, str(event)))

    async def webhook(request: Request) -> JSONResponse:
        body = await request.body()
        await to_thread.run_sync(keep, body, request.headers["stripe-signature"])
        return JSONResponse({"received": True})

    return Starlette(routes=[Route(PATH, webhook, methods=["POST"])])


class Announced(uvicorn.Server):
    """Prints its address when it is ready."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print(f"http://127.0.0.1:{(sockets or [])[0].getsockname()[1]}", flush=True)


if __name__ == "__main__":
    way, database_url, stripe_address = sys.argv[1:]
    ways: dict[str, Callable[[str, str], Starlette]] = {
        "ours": ours,
        "unlimited": partial(ours, turns=None),
        "naive": naive,
    }
    app: Any = ways[way](database_url, stripe_address)
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        Announced(uvicorn.Config(app, access_log=False, log_level="warning")).run([listener])
