"""What is stored about one session: grants and events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.domain.event import EventFilter
from billing.domain.session_details import SessionRecords
from billing.store import events
from billing.store.ledger import grants

if TYPE_CHECKING:
    from billing.store import Connection

EVENTS_LIMIT = 100


def read_records(connection: Connection, session_id: str, email: str) -> SessionRecords:
    """The grants of the session or of the customer with this email, and the session's newest
    ``EVENTS_LIMIT`` events."""
    line = grants.of_session(connection, session_id)
    lines = {one.session_id: one for one in grants.of_customer(connection, email)}
    if line:
        lines[line.session_id] = line
    about = EventFilter(about=session_id)
    found = events.page(connection, about, EVENTS_LIMIT).events
    return SessionRecords(tuple(lines.values()), found[::-1])
