"""What is recorded here about one session: its lines in the ledger and its events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from billing.domain.event import EventFilter
from billing.store import events
from billing.store.ledger import grants

if TYPE_CHECKING:
    from billing.domain.event import Event
    from billing.domain.grant import Grant
    from billing.store import Connection

EVENTS_AT_MOST = 100


@dataclass(frozen=True)
class SessionRecords:
    """Every line of the ledger for the session or its customer, and the events about the session
    in the order of their arrival, the newest ``EVENTS_AT_MOST``."""

    grants: tuple[Grant, ...]
    events: tuple[Event, ...]


def read_records(connection: Connection, session_id: str, email: str) -> SessionRecords:
    """The records of the session that the customer with this email paid."""
    line = grants.of_session(connection, session_id)
    lines = {one.session_id: one for one in grants.of_customer(connection, email)}
    if line:
        lines[line.session_id] = line
    about = EventFilter(about=session_id)
    found = events.latest(connection, about, EVENTS_AT_MOST).events
    return SessionRecords(tuple(lines.values()), found[::-1])
