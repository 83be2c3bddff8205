"""Refused deliveries by the event that their bodies claim to be."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from billing.domain.events.delivery import ClaimedDelivery
from billing.safe_text import sanitize
from billing.store.tables import claimed_deliveries
from billing.store.upsert import upsert

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Connection

MOST_STORED = 1_000  # the newest
MOST_READ = 100

_c = claimed_deliveries.c
_add = upsert(
    claimed_deliveries,
    lambda statement: statement.on_conflict_do_update(
        index_elements=["event_id", "reason"],
        set_={
            "count": _c.count + statement.excluded.count,
            "received_at": statement.excluded.received_at,
        },
    ),
)


def add(connection: Connection, claimed: Sequence[ClaimedDelivery]) -> None:
    """Add to those that are stored; of all, the newest ``MOST_STORED`` stay."""
    _add(connection, [asdict(one) for one in claimed])
    newest = select(_c.received_at).order_by(_c.received_at.desc())
    oldest = newest.limit(1).offset(MOST_STORED - 1).scalar_subquery()
    connection.execute(delete(claimed_deliveries).where(_c.received_at < oldest))


def of_events(
    connection: Connection, ids: Collection[str]
) -> Mapping[str, tuple[ClaimedDelivery, ...]]:
    """Those that claim to be these events, the oldest first, by the event's id: of all together
    the newest ``MOST_READ``."""
    columns = [_c[name] for name in ClaimedDelivery.__dataclass_fields__]
    these = select(*columns).where(_c.event_id.in_([sanitize(one) for one in ids]))
    newest = these.order_by(_c.received_at.desc(), _c.reason).limit(MOST_READ)
    found: defaultdict[str, tuple[ClaimedDelivery, ...]] = defaultdict(tuple)
    for row in reversed(connection.execute(newest).all()):
        found[row.event_id] += (ClaimedDelivery(*row),)
    return found
