"""How many finished objects the sandbox keeps: the newest, of those that nobody needs any more.

What was paid, subscriptions and customers stay, however many there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stripe_sandbox.storage.database import Database

AT_ONCE = 500
"""Rows of a kind that one call removes, so that requests need not wait."""

_NEVER_PAID = "json_extract(body, '$.status') IN ('canceled', 'requires_payment_method')"


@dataclass(frozen=True)
class Caps:
    """Among how many of the newest one has to be to stay: of sessions those that expired, all
    portal sessions, events that no endpoint waits for, and all attempts to deliver one."""

    sessions: int = 20_000
    portal_sessions: int = 1_000
    events: int = 100_000
    attempts: int = 200_000


def remove_surplus(database: Database, caps: Caps) -> None:
    """Remove the oldest over the caps, with the attempts to pay and the deliveries that belong to
    them."""
    with database.transaction():
        old = _oldest(database, "checkout_sessions", "status = 'expired'", caps.sessions)
        attempts = _column(
            database, "checkout_sessions", "json_extract(hidden, '$.payment_intent')", old
        )
        never_paid = _column(database, "payment_intents", "id", attempts, _NEVER_PAID)
        _delete(database, "charges", "payment_intent", never_paid)
        _delete(database, "payment_intents", "id", never_paid)
        _delete(database, "checkout_sessions", "id", old)
        _delete(
            database,
            "portal_sessions",
            "id",
            _oldest(database, "portal_sessions", "1", caps.portal_sessions),
        )
        events = _oldest(database, "events", "pending = 0", caps.events)
        deliveries = _column(database, "deliveries", "seq", events, key="event")
        _delete(database, "delivery_attempts", "delivery", deliveries)
        _delete(database, "deliveries", "event", events)
        _delete(database, "events", "id", events)
        database.write(
            "DELETE FROM delivery_attempts WHERE seq <= "
            "(SELECT max(seq) FROM delivery_attempts) - ?",
            (caps.attempts,),
        )


def _oldest(database: Database, table: str, condition: str, most: int) -> list[str]:
    """The ids of the oldest rows that meet the condition and are not among the newest of all."""
    rows = database.rows(
        f"SELECT id FROM {table} WHERE {condition} AND seq <= "  # noqa: S608  # literals
        f"(SELECT max(seq) FROM {table}) - ? ORDER BY seq LIMIT ?",
        (most, AT_ONCE),
    )
    return [row[0] for row in rows]


def _column(
    database: Database,
    table: str,
    column: str,
    ids: Sequence[str],
    condition: str = "1",
    key: str = "id",
) -> list[Any]:
    marks = ", ".join("?" * len(ids))
    rows = database.rows(
        f"SELECT {column} FROM {table} WHERE {key} IN ({marks}) AND {condition}",  # noqa: S608
        ids,
    )
    return [row[0] for row in rows if row[0]]


def _delete(database: Database, table: str, column: str, values: Sequence[Any]) -> None:
    if values:
        marks = ", ".join("?" * len(values))
        database.write(f"DELETE FROM {table} WHERE {column} IN ({marks})", values)  # noqa: S608
