"""What is stored about one session: grants and events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.domain.sessions.details import SessionRecords
from billing.store import sessions
from billing.store.ledger import grants

if TYPE_CHECKING:
    from billing.store import Connection


def read_records(connection: Connection, session_id: str, email: str) -> SessionRecords:
    """The grants of the session or of the customer with this email, and the session's events."""
    line = grants.of_session(connection, session_id)
    lines = {one.session_id: one for one in grants.of_customer(connection, email)}
    if line:
        lines[line.session_id] = line
    events = [
        found.event
        for stored in sessions.load(connection, [session_id])
        for found in sessions.events_of_session(connection, stored.data)
    ]
    return SessionRecords(tuple(lines.values()), tuple(events))
