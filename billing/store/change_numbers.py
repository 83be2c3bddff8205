"""What each process tells the others on one database: numbers in a table, and PostgreSQL's
notifications.

https://www.postgresql.org/docs/current/sql-notify.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import literal_column, select, text

from billing.store.tables import change_numbers
from billing.store.upsert import upsert

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

CHANNEL = "billing_changes"
# It may be lost with the power: what it tells of is not.
_NO_WAIT = text("SELECT set_config('synchronous_commit', 'off', true)")
_NOTIFY = text("SELECT pg_notify(:channel, :payload)")
_increment = upsert(
    change_numbers,
    lambda statement: statement.on_conflict_do_update(
        index_elements=["topic"], set_={"number": change_numbers.c.number + literal_column("1")}
    ).returning(change_numbers.c.topic, change_numbers.c.number),
)


def announce(connection: Connection, topics: Iterable[str], sender: str) -> dict[str, int]:
    """Have the numbers of ``topics`` grow by one; what they are then. Whoever listens on
    ``CHANNEL`` of PostgreSQL gets ``sender`` and the topics, separated by spaces."""
    topics = sorted(topics)  # of two processes at once one waits for the other, never both
    is_heard = connection.dialect.name == "postgresql"
    if is_heard:
        connection.execute(_NO_WAIT)
    rows = _increment(connection, [{"topic": topic, "number": 1} for topic in topics])
    if is_heard:
        payload = " ".join((sender, *topics))
        connection.execute(_NOTIFY, {"channel": CHANNEL, "payload": payload})
    return {row.topic: row.number for row in rows}


def load(connection: Connection) -> dict[str, int]:
    """The number of each topic that was ever announced."""
    query = select(change_numbers.c.topic, change_numbers.c.number)
    return {row.topic: row.number for row in connection.execute(query)}
