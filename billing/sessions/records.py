"""What is stored about one session: lines of the ledger and events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.domain.sessions.details import SessionRecords
from billing.store import sessions
from billing.store.ledger import lines

if TYPE_CHECKING:
    from billing.store import Connection


def read_records(connection: Connection, session_id: str, email: str) -> SessionRecords:
    """The lines about the session or others of the customer with this email, and the session's
    events."""
    others = sessions.ids_by_term(connection, [email]) if email else []
    found = lines.of_sessions(connection, {session_id, *others})
    events = [
        one.event
        for stored in sessions.load(connection, [session_id])
        for one in sessions.events_of_session(connection, stored.data)
    ]
    return SessionRecords(tuple(found), tuple(events))
