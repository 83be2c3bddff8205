"""Our copies of Stripe's Checkout Sessions: storing them, finding them, figures over many.

Functions of a connection, for ``Store.read`` and ``Store.write``.
"""

from billing.store.sessions.copies import (
    PROGRESS,
    TERM_LENGTH,
    SessionRows,
    get,
    recent,
    record_completion_times,
    record_completions,
    record_request_ids,
    request_id_of,
    search_terms,
    upsert_sessions,
)
from billing.store.sessions.events import SessionEvent, events_of_session, payment_has_failed
from billing.store.sessions.queries import (
    SessionPage,
    StoredSession,
    by_ids,
    count_new,
    iter_stored,
    page,
    searched_too_many,
    stored,
)
from billing.store.sessions.stats import numbers

__all__ = [
    "PROGRESS",
    "TERM_LENGTH",
    "SessionEvent",
    "SessionPage",
    "SessionRows",
    "StoredSession",
    "by_ids",
    "count_new",
    "events_of_session",
    "get",
    "iter_stored",
    "numbers",
    "page",
    "payment_has_failed",
    "recent",
    "record_completion_times",
    "record_completions",
    "record_request_ids",
    "request_id_of",
    "search_terms",
    "searched_too_many",
    "stored",
    "upsert_sessions",
]
