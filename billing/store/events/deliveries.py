"""Deliveries of events that reached our webhook, and how they were answered."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from billing.domain.events.delivery import ReceivedDelivery
from billing.safe_text import sanitize
from billing.store.tables import webhook_deliveries
from billing.store.upsert import upsert

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Connection

MOST_STORED = 200_000  # the newest
MOST_READ = 200
ID_LENGTH = 300

_d = webhook_deliveries.c
_add = upsert(webhook_deliveries, lambda statement: statement)


def add(connection: Connection, received: Sequence[ReceivedDelivery]) -> None:
    """Store deliveries; of all, the newest ``MOST_STORED`` stay."""
    rows = [vars(one) | {"event_id": sanitize(one.event_id)[:ID_LENGTH]} for one in received]
    _add(connection, rows)
    newest = select(func.max(_d.id)).scalar_subquery()
    connection.execute(delete(webhook_deliveries).where(_d.id <= newest - MOST_STORED))


def of_events(
    connection: Connection, ids: Collection[str]
) -> Mapping[str, tuple[ReceivedDelivery, ...]]:
    """The deliveries of these events that are stored, the oldest first, by the event's id: of all
    together the newest ``MOST_READ``."""
    columns = [_d[name] for name in ReceivedDelivery.__dataclass_fields__]
    these = select(*columns).where(_d.event_id.in_([sanitize(one) for one in ids]))
    found: defaultdict[str, tuple[ReceivedDelivery, ...]] = defaultdict(tuple)
    for row in reversed(connection.execute(these.order_by(_d.id.desc()).limit(MOST_READ)).all()):
        found[row.event_id] += (ReceivedDelivery(*row),)
    return found
