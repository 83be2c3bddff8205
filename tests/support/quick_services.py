"""The services with all their waits made short, and what tests ask of them."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import stripe
from pydantic import SecretStr
from sqlalchemy import func, select

from billing.domain.grant import Grant
from billing.services import Services
from billing.settings.model import Settings
from billing.store import tables
from tests.support.timings import QUICK

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from sqlalchemy import Connection

    from billing.store import Store

SECRET = "whsec_of_the_tests"


def settings_for(stripe_url: str, database_url: str) -> Settings:
    """Settings with everything in order."""
    return Settings(
        secret_key=SecretStr("sk_test_of_the_tests"),
        webhook_secrets=(SecretStr(SECRET),),
        price_pro_monthly="price_pro",
        price_extra_credit="price_credit",
        public_url="http://localhost:8501",
        api_base=stripe_url,
        database_url=SecretStr(database_url),
    )


def quick_services(settings: Settings, **timings: Any) -> Services:
    """What the composition root builds; ``timings`` are those that differ from ``QUICK``."""
    return Services(settings, stripe_name="Stripe under test", timings=replace(QUICK, **timings))


@asynccontextmanager
async def open_services(
    stripe_url: str, database_url: str, **timings: Any
) -> AsyncIterator[Services]:
    """Services with nothing at work behind the scenes, closed at the end."""
    services = quick_services(settings_for(stripe_url, database_url), **timings)
    try:
        yield services
    finally:
        await services.aclose()


@asynccontextmanager
async def at_work(*runs: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Run ``event_processor.run``, ``sync_worker.run`` behind the block; their errors fail it."""
    tasks = [asyncio.ensure_future(run()) for run in runs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(end, asyncio.CancelledError) for end in ended), ended


def signature(body: bytes, secret: str = SECRET, at: int | None = None) -> str:
    """The ``Stripe-Signature`` header for a body, signed now or ``at`` another time."""
    return str(stripe.WebhookSignature.generate_signature_header(body.decode(), secret, at))


async def deliver(services: Services, event: dict[str, Any]) -> str:
    """Bring an event as a signed webhook; its id once it is kept."""
    body = json.dumps(event).encode()
    return await services.webhooks.receive(body, signature(body))


async def ledger(store: Store) -> dict[str, Grant]:
    """Every line of the ledger, by its session."""

    def ask(connection: Connection) -> dict[str, Grant]:
        lines = [Grant(*row) for row in connection.execute(select(tables.grants))]
        return {line.session_id: line for line in lines}

    return await store.read(ask)


def granted_totals(connection: Connection) -> dict[str, int]:
    """How much of each kind has been granted: ``{"pro": 3, "credits": 120}``."""
    lines = tables.grants.c
    sums = select(lines.kind, func.sum(lines.quantity)).group_by(lines.kind)
    return {kind: int(quantity) for kind, quantity in connection.execute(sums)}


async def event_rows(store: Store) -> dict[str, dict[str, Any]]:
    """Every event as recorded, by its id."""

    def ask(connection: Connection) -> dict[str, dict[str, Any]]:
        rows = connection.execute(select(tables.events)).mappings()
        return {row["id"]: dict(row) for row in rows}

    return await store.read(ask)


async def states(store: Store) -> dict[str, int]:
    """How many events there are in each state."""
    counted = select(tables.events.c.state, func.count().label("number")).group_by(
        tables.events.c.state
    )

    def ask(connection: Connection) -> dict[str, int]:
        return {row.state: row.number for row in connection.execute(counted)}

    return await store.read(ask)
