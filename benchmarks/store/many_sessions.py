"""Very many sessions in a database: the rows that the product writes, without its triggers, and
with the indexes of texts made last, which takes a tenth of the time."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import insert

from benchmarks.stripe.answers import past_session
from billing.domain.sessions.checkout_session import CheckoutSession
from billing.store.engine.database import Database
from billing.store.sessions import SessionRows
from billing.store.sessions.search.texts import record_texts
from billing.store.tables import checkout_sessions, session_terms
from billing.timings import DatabaseLimits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import SecretStr
    from sqlalchemy import Connection

    from billing.domain.stripe_json import JSON

YEAR = 365 * 86_400
TOGETHER = 5_000
RARE, FREQUENT = "rare label", "spring label"  # of one in 300 sessions, and of one in 3
EVERY = "test_a1"  # a part of every id
KEPT = (
    *("id", "object", "created", "expires_at", "status", "payment_status", "mode", "metadata"),
    *("amount_total", "currency", "customer", "customer_details", "subscription", "url"),
)
TABLES = "('checkout_sessions', 'session_terms', 'session_search')"


def store_many(url: SecretStr, count: int, newest: int) -> None:
    """Store ``count`` sessions, evenly over the last year, in a new database."""
    database = Database(url, DatabaseLimits(statement=600.0))
    try:
        with database.engine().begin() as connection, _indexed_at_last(connection):
            for start in range(0, count, TOGETHER):
                made = (
                    _session(place, newest - YEAR + YEAR * (place + 1) // count)
                    for place in range(start, min(start + TOGETHER, count))
                )
                batch = SessionRows.of([(CheckoutSession.from_stripe(one), one) for one in made])
                connection.execute(insert(checkout_sessions), batch.sessions)
                connection.execute(insert(session_terms), batch.terms)
                record_texts(connection, batch.sessions, batch.terms)
        if database.is_shared:
            with database.engine().connect() as connection:
                alone = connection.execution_options(isolation_level="AUTOCOMMIT")
                alone.exec_driver_sql("VACUUM ANALYZE")
    finally:
        database.close()


def _session(place: int, created: int) -> JSON:
    session = past_session(place, created)
    label = RARE if place % 300 == 0 else FREQUENT if place % 3 == 1 else ""
    kept = {name: session[name] for name in KEPT}
    return kept | {"metadata": kept["metadata"] | ({"label": label} if label else {})}


@contextmanager
def _indexed_at_last(connection: Connection) -> Iterator[None]:
    """No trigger runs in the block, and the texts are indexed behind it."""
    run = connection.exec_driver_sql
    if connection.dialect.name == "sqlite":
        asked = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        triggers = run(f"{asked} AND tbl_name IN {TABLES}").all()
        for trigger in triggers:
            run(f"DROP TRIGGER {trigger.name}")
        yield
        run("INSERT INTO session_search_index (session_search_index) VALUES ('rebuild')")
        for trigger in triggers:
            run(trigger.sql)
        return
    run("SET LOCAL session_replication_role = replica")
    run("SET LOCAL maintenance_work_mem = '512MB'")
    index = "session_search_trigrams"
    made = run(f"SELECT pg_get_indexdef('{index}'::regclass)").scalar_one()
    run(f"DROP INDEX {index}")
    yield
    run(made)
