"""The audit log in the database: lines are added, never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, insert, select

from billing.domain.access import AuditEntry
from billing.store.tables import audit_log

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection, Select

    from billing.domain.access import AuditFilter

_COLUMNS = (
    *("at", "identity", "kind", "role", "action", "object_id", "result", "detail", "address"),
    "id",
)
CSV_BATCH = 1_000


def add(connection: Connection, entries: Sequence[AuditEntry]) -> None:
    columns = _COLUMNS[:-1]
    rows = [{name: getattr(entry, name) for name in columns} for entry in entries]
    connection.execute(insert(audit_log), rows)


def find(
    connection: Connection, wanted: AuditFilter, *, below: int | None = None, limit: int
) -> list[AuditEntry]:
    """The newest first; ``below`` is the ``id`` of the last one of the page before."""
    query = _matching(wanted).order_by(audit_log.c.id.desc()).limit(limit)
    if below is not None:
        query = query.where(audit_log.c.id < below)
    return [AuditEntry(**row) for row in connection.execute(query).mappings()]


def every(connection: Connection, wanted: AuditFilter) -> Iterator[AuditEntry]:
    """All that match, the newest first."""
    page = find(connection, wanted, limit=CSV_BATCH)
    while page:
        yield from page
        page = find(connection, wanted, below=page[-1].id, limit=CSV_BATCH)


def newest_id(connection: Connection) -> int:
    return connection.scalar(select(func.max(audit_log.c.id))) or 0


def _matching(wanted: AuditFilter) -> Select[tuple[object, ...]]:
    table = audit_log.c
    query: Select[tuple[object, ...]] = select(*(table[name] for name in _COLUMNS))
    for column, value in (
        (table.identity, wanted.identity),
        (table.action, wanted.action),
        (table.object_id, wanted.object_id),
        (table.result, wanted.result),
    ):
        if value:
            query = query.where(column == value)
    return query
