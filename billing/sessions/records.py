"""What is recorded here about one session: its lines in the ledger and its events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.domain.event import EventFilter
from billing.domain.session_details import SessionRecords
from billing.store import events
from billing.store.ledger import grants

if TYPE_CHECKING:
    from billing.store import Connection

EVENTS_AT_MOST = 100


def read_records(connection: Connection, session_id: str, email: str) -> SessionRecords:
    """The records of the session that the customer with this email paid."""
    line = grants.of_session(connection, session_id)
    lines = {one.session_id: one for one in grants.of_customer(connection, email)}
    if line:
        lines[line.session_id] = line
    about = EventFilter(about=session_id)
    found = events.page(connection, about, EVENTS_AT_MOST).events
    return SessionRecords(tuple(lines.values()), found[::-1])
