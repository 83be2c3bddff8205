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
    record_processed,
    reference_of,
)
from billing.store.events.queries import (
    count_by_state,
    count_failed,
    get,
    known_types,
    newest_about,
    page,
    payload_of,
    types_of,
    waiting,
)
from billing.store.events.thin import add_object, thin_twins

__all__ = [
    "DueEvent",
    "ProcessingResult",
    "ReceivedEvent",
    "RecordedEvent",
    "accounts_of",
    "add_object",
    "count_by_state",
    "count_failed",
    "due",
    "get",
    "known_types",
    "mark_for_replay",
    "mark_for_retry",
    "mark_processed",
    "newest_about",
    "object_id",
    "page",
    "payload_of",
    "record",
    "record_processed",
    "reference_of",
    "thin_twins",
    "types_of",
    "waiting",
]
