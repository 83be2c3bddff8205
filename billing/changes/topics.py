"""What can change, as far as pages tell it apart."""

from __future__ import annotations

from enum import StrEnum


class Topic(StrEnum):
    """Something that parts of pages show."""

    SESSIONS = "sessions"
    EVENTS = "events"
    LEDGER = "ledger"  # lines, and Stripe's objects that they come from
    CUSTOMERS = "customers"
    REQUESTS = "requests"  # to Stripe's API, as logged
    SANDBOX_REQUESTS = "sandbox_requests"  # to the embedded sandbox, by anybody
    AUDIT = "audit"
    ACCESS = "access"  # tokens, and who is signed in
    SCENARIOS = "scenarios"
    STATUS = "status"  # of this process and what it talks to: no rows, see ``watch``


# The topic of each table: a change of its rows is one of the topic, whatever function made it.
# None for what no page shows as it changes.
TOPIC_OF_TABLE: dict[str, Topic | None] = {
    "checkout_sessions": Topic.SESSIONS,
    "session_terms": None,
    "session_search": None,
    "session_deltas": None,  # written with their sessions
    "session_rollups": None,
    "events": Topic.EVENTS,
    "rejected_deliveries": Topic.EVENTS,
    "random_run_deliveries": None,  # the verdict says what came of them
    "claimed_deliveries": None,  # written with those
    "webhook_deliveries": None,  # written after their events
    "ledger": Topic.LEDGER,
    "stripe_objects": Topic.LEDGER,
    "customers": Topic.CUSTOMERS,
    "stale_customers": None,
    "erased_ids": None,
    "requests": Topic.REQUESTS,
    "request_batches": None,  # written with their requests
    "request_hashes": None,
    "request_terms": None,
    "audit_log": Topic.AUDIT,
    "access_tokens": Topic.ACCESS,
    "sign_ins": Topic.ACCESS,
    "sold_prices": None,
    "sync_state": None,
    "scenario_runs": Topic.SCENARIOS,
    "leases": None,
    "schema_release": None,
    "change_numbers": None,
}
