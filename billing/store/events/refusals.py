"""Refused webhook deliveries, summed up by reason and minute."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from billing.domain.events.event import Refusal
from billing.store.tables import rejected_deliveries
from billing.store.upsert import upsert

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

SUMS_PER_REASON = 200


_table = rejected_deliveries.c
_add = upsert(
    rejected_deliveries,
    lambda statement: statement.on_conflict_do_update(
        index_elements=["reason", "started_at"],
        set_={
            "count": _table.count + statement.excluded.count,
            **{name: statement.excluded[name] for name in ("received_at", "next_step", "size")},
        },
    ),
)


def add(connection: Connection, refusals: Sequence[Refusal]) -> None:
    """Add to the sums that are stored; of each reason the newest ``SUMS_PER_REASON`` stay."""
    _add(connection, [asdict(one) for one in refusals])
    for reason in {one.reason for one in refusals}:
        oldest = (
            select(_table.started_at)
            .where(_table.reason == reason)
            .order_by(_table.started_at.desc())
            .limit(1)
            .offset(SUMS_PER_REASON - 1)
            .scalar_subquery()
        )
        connection.execute(
            delete(rejected_deliveries).where(_table.reason == reason, _table.started_at < oldest)
        )


def newest(connection: Connection, limit: int) -> list[Refusal]:
    """The newest refused deliveries, the newest first."""
    columns = (_table[name] for name in Refusal.__dataclass_fields__)
    last = select(*columns).order_by(_table.received_at.desc(), _table.reason).limit(limit)
    return [Refusal(*row) for row in connection.execute(last).all()]


def between(connection: Connection, since: float, until: float, limit: int) -> list[Refusal]:
    """The refused deliveries that arrived between two times (Unix seconds), the oldest first."""
    columns = (_table[name] for name in Refusal.__dataclass_fields__)
    these = select(*columns).where(_table.received_at >= since, _table.received_at <= until)
    rows = connection.execute(these.order_by(_table.received_at).limit(limit)).all()
    return [Refusal(*row) for row in rows]


def count_since(connection: Connection, time: float = -1.0) -> int:
    """How many deliveries were refused after a time (Unix seconds), of those that are stored."""
    counted = select(func.sum(_table.count)).where(_table.received_at > time)
    return int(connection.scalar(counted) or 0)
