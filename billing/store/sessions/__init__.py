"""Stripe's Checkout Sessions as last read: storing them, finding them, figures over many.

Functions of a connection, for ``Store.read`` and ``Store.write``.
"""

from billing.store.sessions.counts import missing_phases
from billing.store.sessions.declines import record_declined_payments
from billing.store.sessions.event_sessions import sessions_of_events
from billing.store.sessions.events import SessionEvent, events_of_session, payment_has_failed
from billing.store.sessions.queries import (
    StoredSession,
    by_reference,
    count_new,
    get,
    get_many,
    ids_by_object,
    ids_by_term,
    iter_stored,
    load,
    page,
    recent,
    request_id_of,
)
from billing.store.sessions.rollups import add_phases
from billing.store.sessions.search.texts import fill_texts, search_terms
from billing.store.sessions.stats import compute_stats, compute_totals
from billing.store.sessions.writes import (
    SessionRows,
    record_reversals,
    upsert_sessions,
)

__all__ = [
    "SessionEvent",
    "SessionRows",
    "StoredSession",
    "add_phases",
    "by_reference",
    "compute_stats",
    "compute_totals",
    "count_new",
    "events_of_session",
    "fill_texts",
    "get",
    "get_many",
    "ids_by_object",
    "ids_by_term",
    "iter_stored",
    "load",
    "missing_phases",
    "page",
    "payment_has_failed",
    "recent",
    "record_declined_payments",
    "record_reversals",
    "request_id_of",
    "search_terms",
    "sessions_of_events",
    "upsert_sessions",
]
