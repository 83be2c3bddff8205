"""Services without a Stripe, and events that arrive there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from billing.changes.shared_reads import SharedReads
from billing.domain.events.event import EventSource, EventState
from billing.events.log import EventLog
from billing.store import events
from tests.support.servers.services import open_services
from tests.support.stripe_account import StripeAccount

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from billing.services import Services


NOW = 1_000_000.0


@pytest.fixture
async def services(sqlite_url: str) -> AsyncIterator[Services]:
    with StripeAccount().serve() as url:
        async with open_services(url, sqlite_url) as opened:
            yield opened


def log_at(services: Services, now: float = NOW, **settings: Any) -> EventLog:
    """The event log, asked at a moment, with some settings changed."""
    changed = replace(services.settings, **settings)
    return EventLog(
        changed,
        services.gateway,
        services.store,
        services.event_processor,
        services.mirror,
        services.refused,
        services.answered,
        SharedReads(services.changes, services.store),
        clock=lambda: now,
    )


async def arrive(
    services: Services,
    at: float,
    source: str = "webhook",
    created: float | None = None,
    state: str = "handled",
) -> str:
    """One more event arrives, ``at`` a moment; its id."""
    name = f"evt_{at:.0f}"
    event = {
        "id": name,
        "type": "checkout.session.completed",
        "created": int(at if created is None else created),
        "data": {"object": {"id": f"cs_test_{at:.0f}"}},
    }
    await services.store.write(
        lambda c: events.record(
            c, [events.ReceivedEvent(event, EventSource(source), EventState(state), at)]
        )
    )
    return name
