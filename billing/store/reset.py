"""Forgetting everything that came from Stripe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete

from billing.store import tables

if TYPE_CHECKING:
    from sqlalchemy import Connection

# All but the leases: who does the work does not change.
FORGOTTEN = (
    tables.session_terms,
    tables.checkout_sessions,
    tables.events,
    tables.rejected_deliveries,
    tables.grants,
    tables.sync_state,
)


def delete_everything(connection: Connection) -> None:
    """Empty the store: sessions, events, refused deliveries, the ledger, the mirror's place."""
    for table in FORGOTTEN:
        connection.execute(delete(table))
