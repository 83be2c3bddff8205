"""The tables. Amounts are minor units, times Unix seconds UTC.

Change them together with a migration in ``migrations/versions``.
"""

from billing.store.tables.access import access_tokens, audit_log, sign_ins
from billing.store.tables.columns import (
    CODE_LENGTH,
    LAST_CHARACTER,
    REFERENCE_LENGTH,
    TERM_LENGTH,
    metadata,
)
from billing.store.tables.customers import customers, erased_ids, stale_customers, stripe_objects
from billing.store.tables.events import (
    claimed_deliveries,
    events,
    random_run_deliveries,
    rejected_deliveries,
    webhook_deliveries,
)
from billing.store.tables.installation import (
    change_numbers,
    leases,
    scenario_runs,
    schema_release,
    sync_state,
)
from billing.store.tables.ledger import ledger, sold_prices
from billing.store.tables.requests import (
    request_batches,
    request_hashes,
    request_terms,
    requests,
)
from billing.store.tables.rollups import session_deltas, session_rollups
from billing.store.tables.sessions import checkout_sessions, session_search, session_terms

__all__ = [
    "CODE_LENGTH",
    "LAST_CHARACTER",
    "REFERENCE_LENGTH",
    "TERM_LENGTH",
    "access_tokens",
    "audit_log",
    "change_numbers",
    "checkout_sessions",
    "claimed_deliveries",
    "customers",
    "erased_ids",
    "events",
    "leases",
    "ledger",
    "metadata",
    "random_run_deliveries",
    "rejected_deliveries",
    "request_batches",
    "request_hashes",
    "request_terms",
    "requests",
    "scenario_runs",
    "schema_release",
    "session_deltas",
    "session_rollups",
    "session_search",
    "session_terms",
    "sign_ins",
    "sold_prices",
    "stale_customers",
    "stripe_objects",
    "sync_state",
    "webhook_deliveries",
]
