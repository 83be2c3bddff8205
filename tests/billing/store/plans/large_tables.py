"""Tables as large as a year leaves them: shares and spread of the values as in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from billing.store.requests.batch import Contents, pack

if TYPE_CHECKING:
    from sqlalchemy import Connection

NOW = 1_780_000_000
# As many as PostgreSQL's ANALYZE reads, so that it finds the same at every run; SQLite's plans ask
# for no number.
ROWS = {"postgresql": 30_000, "sqlite": 300}
CONTENTS = pack([(1, Contents("", "", ()))])

_SESSION = "'cs_test_' || i"
_CUSTOMER = "'cus_' || (i % 9000)"
_EMAIL = "'buyer' || (i % 9000) || '@example.com'"
_DATA = """'{"id": "cs_test_' || i || '", "object": "checkout.session", "status": "complete"}'"""
_KIND = "CASE WHEN i % 3 = 0 THEN 'pro' ELSE 'credits' END"
_EVENT_TYPE = """CASE i % 8
    WHEN 0 THEN 'checkout.session.completed' WHEN 1 THEN 'payment_intent.succeeded'
    WHEN 2 THEN 'charge.succeeded' WHEN 3 THEN 'payment_intent.created'
    WHEN 4 THEN 'checkout.session.expired' WHEN 5 THEN 'payment_intent.payment_failed'
    WHEN 6 THEN 'invoice.paid' ELSE 'charge.updated' END"""
_STATE = """CASE WHEN i % 500 = 0 THEN 'failed' WHEN i % 900 = 1 THEN 'pending'
    WHEN i % 8 IN (1, 2, 3, 7) THEN 'ignored' ELSE 'handled' END"""

# Of each table, what its columns are in row number `i`; those left out are NULL.
COLUMNS: dict[str, dict[str, str]] = {
    "session_search": {
        "place": f"({NOW} - i * 600) * 2147483648",
        "session_id": _SESSION,
        "text": f"'\n' || {_SESSION} || '\n' || {_EMAIL} || '\nreference-' || i || '\n'",
    },
    "checkout_sessions": {
        "id": _SESSION,
        "created": f"{NOW} - i * 600",
        "progress": "50",
        "outcome": """CASE WHEN i % 50 = 0 THEN 'declined' WHEN i % 50 = 1 THEN 'processing'
            WHEN i % 50 = 2 THEN 'refunded' WHEN i % 50 = 3 THEN 'partly_refunded'
            WHEN i % 100 = 4 THEN 'disputed' WHEN i IN (5, 105, 205) THEN 'failed'
            WHEN i % 4 = 2 THEN 'expired' WHEN i < 100 THEN 'open' ELSE 'paid' END""",
        "source": """CASE WHEN i % 10 = 0 THEN 'other' WHEN i % 10 = 1 THEN 'api'
            WHEN i % 10 = 2 THEN 'test_kit' ELSE 'page' END""",
        "kind": f"CASE WHEN i % 10 = 0 THEN NULL ELSE {_KIND} END",
        "amount_total": "99 * (1 + i % 400)",
        "currency": "CASE WHEN i % 5 = 0 THEN 'eur' ELSE 'usd' END",
        "completed_at": f"CASE WHEN i % 4 = 2 THEN NULL ELSE {NOW} - i * 600 + 60 END",
        "failure_code": "CASE WHEN i % 50 = 0 OR i % 100 = 6 THEN 'lost_card' END",
        "data": _DATA,
    },
    "session_rollups": {
        "length": "CASE WHEN i % 10 = 0 THEN 86400 ELSE 3600 END",
        "phase": "CASE WHEN i % 20 = 0 THEN 79200 ELSE 0 END",
        "facet": "CASE i % 3 WHEN 0 THEN 'seconds' WHEN 1 THEN 'currency' ELSE 'outcome' END",
        "start": f"{NOW} / 86400 * 86400 - i / 3 * 3600",
        "source": "CASE WHEN i % 3 = 2 THEN 'api' ELSE 'page' END",
        "kind": "'pro'",
        "value": "CASE i % 3 WHEN 0 THEN '64' WHEN 1 THEN 'usd' ELSE 'paid' END",
        **dict.fromkeys(("number", "amount", "went_back"), "1"),
    },
    "session_terms": {
        "term": f"""CASE i % 3 WHEN 0 THEN {_EMAIL} WHEN 1 THEN {_CUSTOMER}
            ELSE 'reference-' || i END""",
        "created": f"{NOW} - i * 600",
        "session_id": _SESSION,
    },
    "events": {
        "id": "'evt_' || i",
        "type": _EVENT_TYPE,
        "created": f"{NOW} - i * 600",
        "object_id": f"CASE WHEN i % 4 = 0 THEN {_SESSION} ELSE 'pi_' || i END",
        "reference": "CASE WHEN i % 4 = 1 THEN 'reference-' || i END",
        "received_at": f"{NOW} - i * 600 + 1.5",
        "source": "CASE WHEN i % 20 = 0 THEN 'poll' ELSE 'webhook' END",
        "deliveries": "CASE WHEN i % 20 = 0 THEN 0 ELSE 1 END",
        "state": _STATE,
        "attempts": "1",
        "settled_at": f"{NOW} - i * 600 + 2.5",
        "retry_at": f"CASE WHEN i % 1000 = 0 THEN {NOW} + i END",
        "payload": _DATA,
        "payload_removed_at": f"CASE WHEN i > 2000 AND i % 500 > 0 THEN {NOW} - 600.5 END",
    },
    "webhook_deliveries": {
        "event_id": "'evt_' || i",
        "received_at": f"{NOW} - i * 600 + 1.5",
        "status": "200",
        "seconds": "0.01",
    },
    "claimed_deliveries": {
        "event_id": "'evt_' || i",
        "reason": "'The signature does not match.'",
        "received_at": f"{NOW} - i * 600 + 1.5",
        "count": "1",
    },
    "ledger": {
        "subject": f"CASE WHEN i % 3 = 0 THEN 'sub_' || i ELSE {_SESSION} END",
        "sequence": "1",
        "kind": _KIND,
        "quantity": "1",
        "access_until": f"CASE WHEN i % 3 = 0 THEN {NOW} - i * 600 + 2592000 END",
        "cause": "'purchase'",
        "origin": "CASE WHEN i % 50 = 0 THEN 'sync' ELSE 'evt_' || i END",
        "at": f"{NOW} - i * 600 + 3.5",
        "customer": _CUSTOMER,
        "session_id": _SESSION,
        "payment_intent": "'pi_' || i",
    },
    "stripe_objects": {
        "id": "'obj_' || i",
        "type": """CASE i % 5 WHEN 0 THEN 'customer' WHEN 1 THEN 'subscription'
            WHEN 2 THEN 'invoice' WHEN 3 THEN 'refund' ELSE 'dispute' END""",
        "parent": "CASE WHEN i % 5 > 1 THEN 'pi_' || i END",
        "customer": _CUSTOMER,
        "email": f"CASE WHEN i % 5 = 0 THEN {_EMAIL} END",
        "created": f"{NOW} - i * 600",
        "read_at": f"{NOW} + 0.5",
        "data": _DATA,
    },
    "customers": {
        "key": "'cus_' || i",
        "customer": "CASE WHEN i % 10 = 0 THEN NULL ELSE 'cus_' || i END",
        "email": "'buyer' || i || '@example.com'",
        "credits": "i % 7",
        "pro": """CASE WHEN i % 3 = 0 THEN 'active' WHEN i % 3 = 1 THEN 'ended' ELSE 'none' END""",
        "paid": """'{"usd": 9900}'""",
        "refunded": "'{}'",
        "disputed": "'{}'",
        "has_refunds": "i % 20 = 0",
        "has_disputes": "i % 100 = 0",
        "last_activity": f"{NOW} - i * 600",
    },
    "stale_customers": {"name": "'cus_' || i", "marks": "1"},
    "erased_ids": {
        "id": "'erased_' || i",
        "customer": "CASE WHEN i % 4 = 0 THEN 'cus_erased_' || i END",
        "at": f"{NOW} - i * 600.5",
    },
    "audit_log": {
        "at": f"{NOW} - i * 600.5",
        "identity": "'person' || (i % 20) || '@example.com'",
        "kind": "'oidc'",
        "role": "'tester'",
        "action": "CASE WHEN i % 100 = 0 THEN 'refund' ELSE 'view' END",
        "object_id": f"CASE WHEN i % 2 = 0 THEN {_SESSION} ELSE '' END",
        "result": "CASE WHEN i % 50 = 0 THEN 'refused' ELSE 'done' END",
        "detail": "''",
        "address": "'127.0.0.1'",
    },
    "requests": {
        "id": f"CAST({NOW} - i * 600 AS BIGINT) * 1000000",
        "method": "'GET'",
        "path": "'/v1/checkout/sessions/cs_test_' || i",
        "status": "CASE WHEN i % 100 = 0 THEN 402 ELSE 200 END",
        "seconds": "0.25",
        "cause": "CASE WHEN i % 50 = 0 THEN 'POST /v1/refunds: ' || (i % 400) ELSE '' END",
        **dict.fromkeys(("tries", "error", "api_version", "params", "answer"), "''"),
        "idempotency_key": "CASE WHEN i % 10 = 0 THEN 'key-' || i END",
        "replayed": "i % 1000 = 0",
        "request_id": "'req_' || i",
        "batch": f"CAST({NOW} - i / 10 * 6000 AS BIGINT) * 1000000",
    },
    "request_batches": {
        "id": f"CAST({NOW} - i * 600 AS BIGINT) * 1000000",
        "contents": ":contents",
    },
    "request_hashes": {
        "request": f"CAST({NOW} - i * 600 AS BIGINT) * 1000000",
        "hash": "i % 9000",
    },
    "request_terms": {
        "request": f"CAST({NOW} - i * 600 AS BIGINT) * 1000000",
        "term": f"CASE WHEN i % 2 = 0 THEN {_CUSTOMER} ELSE {_SESSION} END",
    },
    "sign_ins": {
        "key": "'key-' || i",
        "subject": "'person-' || (i % 20)",
        "email": "'person' || (i % 20) || '@example.com'",
        "started_at": f"{NOW} - i * 600.5",
        "seen_at": f"{NOW} - i * 600.5",
        "address": "'127.0.0.1'",
    },
    "access_tokens": {
        "id": "'token-' || i",
        "name": "'A program'",
        "digest": "'digest-' || i",
        "role": "'tester'",
        "created_at": f"{NOW} - i * 600.5",
        "created_by": "'person@example.com'",
    },
}


def without_triggers(connection: Connection) -> None:
    """In this transaction, where the engine can."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL session_replication_role = replica"))


def fill(connection: Connection) -> None:
    """Fill the tables that grow, without what their triggers would add to others."""
    engine = connection.dialect.name
    without_triggers(connection)
    for table, columns in COLUMNS.items():
        names = ", ".join(f'"{name}"' for name in columns)
        values = ", ".join(columns.values())
        connection.execute(
            text(
                f"INSERT INTO {table} ({names})"  # noqa: S608 - all of it stands above
                f" WITH RECURSIVE number(i) AS"
                f" (SELECT 1 UNION ALL SELECT i + 1 FROM number WHERE i < {ROWS[engine]})"
                f" SELECT {values} FROM number"
            ),
            {"contents": CONTENTS} if "contents" in columns else {},
        )
