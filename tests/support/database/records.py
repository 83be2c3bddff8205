"""What billing's database holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from billing.domain.ledger.line import Cause, LedgerLine
from billing.store import tables

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from billing.store import Store


async def ledger(store: Store) -> dict[str, LedgerLine]:
    """Every purchase in the ledger, by its session."""
    columns = [tables.ledger.c[name] for name in LedgerLine.__dataclass_fields__]

    def ask(connection: Connection) -> dict[str, LedgerLine]:
        purchases = select(*columns).where(tables.ledger.c.cause == Cause.PURCHASE)
        lines = [LedgerLine(*row) for row in connection.execute(purchases)]
        return {line.session_id or line.subject: line for line in lines}

    return await store.read(ask)


def granted_totals(connection: Connection) -> dict[str, int]:
    """How much of each kind has been granted: ``{"pro": 3, "credits": 120}``."""
    lines = tables.ledger.c
    sums = select(lines.kind, func.sum(lines.quantity)).group_by(lines.kind)
    return {kind: int(quantity) for kind, quantity in connection.execute(sums)}


async def event_rows(store: Store) -> dict[str, dict[str, Any]]:
    """Every event as recorded, by its id."""

    def ask(connection: Connection) -> dict[str, dict[str, Any]]:
        rows = connection.execute(select(tables.events)).mappings()
        return {row["id"]: dict(row) for row in rows}

    return await store.read(ask)


async def states(store: Store) -> dict[str, int]:
    """How many events there are in each state."""
    counted = select(tables.events.c.state, func.count().label("number")).group_by(
        tables.events.c.state
    )

    def ask(connection: Connection) -> dict[str, int]:
        return {row.state: row.number for row in connection.execute(counted)}

    return await store.read(ask)
