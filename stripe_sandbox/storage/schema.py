"""The tables beside those of Stripe's objects, how the file is opened, and what SQL can call."""

from __future__ import annotations

from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS idempotency_keys (
    key TEXT PRIMARY KEY, created INTEGER NOT NULL, path TEXT NOT NULL, parameters TEXT NOT NULL,
    status INTEGER NOT NULL, body TEXT NOT NULL, request TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS idempotency_keys_created ON idempotency_keys (created);
CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, created INTEGER NOT NULL, type TEXT NOT NULL,
    pending INTEGER NOT NULL, delivered INTEGER NOT NULL, body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS events_created ON events (created);
CREATE INDEX IF NOT EXISTS events_type ON events (type, created);
DROP INDEX IF EXISTS events_delivered;
CREATE INDEX IF NOT EXISTS events_undelivered ON events (created) WHERE NOT delivered;
CREATE TABLE IF NOT EXISTS deliveries (
    seq INTEGER PRIMARY KEY, event TEXT NOT NULL, endpoint TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, due REAL, state TEXT NOT NULL DEFAULT 'pending',
    status INTEGER, error TEXT, UNIQUE (event, endpoint)
);
CREATE TABLE IF NOT EXISTS delivery_attempts (
    seq INTEGER PRIMARY KEY, delivery INTEGER NOT NULL, endpoint TEXT NOT NULL,
    number INTEGER NOT NULL, at REAL NOT NULL, seconds REAL NOT NULL, failed INTEGER NOT NULL,
    status INTEGER, error TEXT, headers TEXT, body TEXT
);
CREATE INDEX IF NOT EXISTS delivery_attempts_delivery ON delivery_attempts (delivery);
CREATE INDEX IF NOT EXISTS delivery_attempts_endpoint ON delivery_attempts (endpoint, failed, at);
CREATE TABLE IF NOT EXISTS deleted_objects (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS leases (
    name TEXT PRIMARY KEY, holder TEXT NOT NULL, until REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS agenda (
    seq INTEGER PRIMARY KEY, due REAL NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS agenda_due ON agenda (due);
CREATE TABLE IF NOT EXISTS test_clock_jobs (
    seq INTEGER PRIMARY KEY, due REAL NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
    test_clock TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS test_clock_jobs_due ON test_clock_jobs (test_clock, due);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS deliveries_endpoint ON deliveries (endpoint) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS deliveries_of_endpoint ON deliveries (endpoint, seq);
"""

PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = NORMAL",  # commits wait for no disk, and checkpoints leave the file whole
    "wal_autocheckpoint = 16000",  # pages, where Checkpoints does not keep up
    "busy_timeout = 10000",
    "cache_size = -16384",  # KiB; the rest is in the system's own cache
    "temp_store = MEMORY",
)


def casefold(value: Any) -> str | None:
    """In SQL, for comparisons without regard to case: SQLite's own `lower` knows A to Z alone."""
    return None if value is None else str(value).casefold()


def words(value: Any) -> str | None:
    """In SQL, the words of a text without regard to case, each between spaces."""
    return None if value is None else f" {' '.join(str(value).casefold().split())} "


SQL_FUNCTIONS = (casefold, words)
