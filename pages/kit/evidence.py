"""What is written down about one session: by Stripe, in our ledger, in our record of events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from billing.store import event_queries, grants
from billing.store.event_queries import EventFilter

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from billing.services import Services
    from billing.store.event_queries import Event
    from billing.store.grants import Grant

EVENTS_AT_MOST = 100


@dataclass(frozen=True)
class Records:
    """Our side: every line of the ledger for the session or its customer, and the events about
    the session in the order of their arrival."""

    grants: tuple[Grant, ...]
    events: tuple[Event, ...]


@dataclass(frozen=True)
class Evidence:
    """Both sides; ``session`` is Stripe's own object with its line items."""

    session: dict[str, Any]
    records: Records


async def records_of(services: Services, session_id: str, email: str) -> Records:
    """Read our side. Raises ``StoreFailure``."""

    def ask(connection: Connection) -> Records:
        line = grants.of_session(connection, session_id)
        lines = {one.session_id: one for one in grants.of_customer(connection, email)}
        if line:
            lines[line.session_id] = line
        about = EventFilter(about=session_id)
        found = event_queries.latest(connection, about, EVENTS_AT_MOST).events
        return Records(tuple(lines.values()), found[::-1])

    return await services.store.read(ask)


async def evidence_of(services: Services, session_id: str, email: str) -> Evidence:
    """Read both sides. Raises ``StripeFailure`` or ``StoreFailure``."""
    session = await services.gateway.retrieve_checkout_session(session_id, with_line_items=True)
    return Evidence(session, await records_of(services, session_id, email))
