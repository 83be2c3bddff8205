"""Stripe's events: each once, what became of it, and the deliveries that were refused.

Functions of a connection, for ``Store.read``, ``write`` and ``write_each``.
"""

from billing.store.events.processing import (
    DueEvent,
    ProcessingResult,
    ReceivedEvent,
    RecordedEvent,
    accounts_of,
    due,
    mark_for_replay,
    mark_for_retry,
    mark_processed,
    object_id,
    record,
)
from billing.store.events.queries import (
    LOOKED_AT,
    MATCHED,
    Counts,
    EventPage,
    counts,
    failed,
    latest,
    one,
    payload,
    returns_since,
    types,
)

__all__ = [
    "LOOKED_AT",
    "MATCHED",
    "Counts",
    "DueEvent",
    "EventPage",
    "ProcessingResult",
    "ReceivedEvent",
    "RecordedEvent",
    "accounts_of",
    "counts",
    "due",
    "failed",
    "latest",
    "mark_for_replay",
    "mark_for_retry",
    "mark_processed",
    "object_id",
    "one",
    "payload",
    "record",
    "returns_since",
    "types",
]
