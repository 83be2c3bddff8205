"""Deleting everything that came from Stripe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete

from billing.store import tables

if TYPE_CHECKING:
    from sqlalchemy import Connection

# All but the leases, who may sign in and what they did, the Prices that settings name and the ids
# of who was erased: a reset changes none of them.
DELETED = (
    tables.session_search,  # first: the triggers on the next two then find nothing to do
    tables.session_terms,
    tables.checkout_sessions,
    tables.session_deltas,  # the deleted sessions among them
    tables.session_rollups,
    tables.events,
    tables.rejected_deliveries,
    tables.claimed_deliveries,
    tables.webhook_deliveries,
    tables.random_run_deliveries,
    tables.ledger,
    tables.stripe_objects,
    tables.customers,
    tables.stale_customers,
    tables.requests,
    tables.request_batches,
    tables.request_hashes,
    tables.request_terms,
    tables.sync_state,
    tables.scenario_runs,
)


def delete_everything(connection: Connection) -> None:
    """Delete what was read from Stripe, the events, the ledger, the log of requests, the runs of
    scenarios and the state of synchronization."""
    for table in DELETED:
        connection.execute(delete(table))
