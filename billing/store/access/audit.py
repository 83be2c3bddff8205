"""The audit log in the database: lines are added, never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from billing.domain.access import AuditEntry, AuditFilter
from billing.safe_text import sanitize
from billing.store.tables import audit_log
from billing.store.upsert import upsert

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection, Select

_COLUMNS = (
    *("at", "identity", "kind", "role", "action", "object_id", "result", "detail", "address"),
    "id",
)
_LENGTHS = [(name, getattr(audit_log.c[name].type, "length", None)) for name in _COLUMNS[1:-1]]
CSV_BATCH = 1_000
IDENTITIES_LIMIT = 1_000

_insert = upsert(audit_log, lambda statement: statement)


def add(connection: Connection, entries: Sequence[AuditEntry]) -> None:
    """What others wrote is cut to the length of its column: no line may hold up the others."""
    _insert(connection, [_row(one) for one in entries])


def find(
    connection: Connection, wanted: AuditFilter, *, below: int | None = None, limit: int
) -> list[AuditEntry]:
    """The newest first; ``below`` is the ``id`` of the last one of the page before."""
    query = _matching(wanted).order_by(audit_log.c.id.desc()).limit(limit)
    if below is not None:
        query = query.where(audit_log.c.id < below)
    return [AuditEntry(**row) for row in connection.execute(query).mappings()]


def get(connection: Connection, entry_id: int) -> AuditEntry | None:
    query = _matching(AuditFilter()).where(audit_log.c.id == entry_id)
    row = connection.execute(query).mappings().one_or_none()
    return AuditEntry(**row) if row else None


def identities(connection: Connection) -> list[str]:
    """Each once, in alphabetical order."""
    # From each straight to the next one in the index, never over all entries.
    column = audit_log.c.identity
    first = select(func.min(column).label("name")).cte(recursive=True)
    following = (
        select(func.min(column)).where(column > first.c.name).correlate(first).scalar_subquery()
    )
    steps = first.union_all(select(following).where(first.c.name.is_not(None)))
    found = connection.scalars(select(steps.c.name).limit(IDENTITIES_LIMIT))
    return [name for name in found if name is not None]


def every(connection: Connection, wanted: AuditFilter) -> Iterator[AuditEntry]:
    """All that match, the newest first."""
    page = find(connection, wanted, limit=CSV_BATCH)
    while page:
        yield from page
        page = find(connection, wanted, below=page[-1].id, limit=CSV_BATCH)


def _row(entry: AuditEntry) -> dict[str, Any]:
    texts = vars(entry)
    return {
        "at": entry.at,
        **{name: sanitize(texts[name])[:most] for name, most in _LENGTHS},
    }


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
            query = query.where(column == sanitize(value))
    return query
