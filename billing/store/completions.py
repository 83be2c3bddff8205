"""When sessions were completed, learnt from Stripe's list of events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import update

from billing.store.tables import checkout_sessions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection


def keep(connection: Connection, completed: Mapping[str, int]) -> None:
    """Write down when Checkout was completed (Unix seconds), by session, where it is not known."""
    for session_id, moment in completed.items():
        connection.execute(
            update(checkout_sessions)
            .where(checkout_sessions.c.id == session_id, checkout_sessions.c.completed_at.is_(None))
            .values(completed_at=moment)
        )
