"""Thin events: the objects that are read for them, and the snapshot events that say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from billing.domain.erasure import anonymize, ids_in
from billing.domain.events.event import EventSource
from billing.domain.events.event_summary import summarize
from billing.domain.events.thin_event import TWINS_WITHIN, with_object
from billing.json_codec import dumps, loads
from billing.store import erased_ids
from billing.store.events.processing import DueEvent, object_id, reference_of
from billing.store.tables import events

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection

    from billing.domain.stripe_json import JSON


def add_object(connection: Connection, ids: Collection[str], found: JSON) -> list[DueEvent]:
    """Store with these thin events their object (Stripe's), which was read for them; what each of
    them then says to look at, without those that say nothing."""
    is_erased = not erased_ids.is_empty(connection) and any(
        erased_ids.among(connection, [ids_in(found)])
    )
    stored = select(events.c.id, events.c.type, events.c.payload, events.c.payload_removed_at)
    due = []
    for row in connection.execute(stored.where(events.c.id.in_(ids))).all():
        event = with_object(loads(row.payload), found) | {"id": row.id, "type": row.type}
        left = event
        if is_erased or row.payload_removed_at is not None:
            left = anonymize(summarize(event)) if is_erased else summarize(event)
        connection.execute(
            update(events)
            .where(events.c.id == row.id)
            .values(payload=dumps(left), reference=reference_of(left))
        )
        try:
            due.append(DueEvent.of(event))
        except LookupError:
            continue
    return due


def thin_twins(connection: Connection, snapshots: Sequence[JSON]) -> set[str]:
    """The ids of those ``snapshots`` (Stripe's events) whose change a thin event has told of."""
    about = {object_id(one) for one in snapshots}
    rows = connection.execute(
        select(events.c.type, events.c.object_id, events.c.created).where(
            events.c.object_id.in_(about), events.c.source == EventSource.THIN
        )
    )
    told = {
        (row.type, row.object_id, row.created + offset)
        for row in rows
        for offset in range(-TWINS_WITHIN, TWINS_WITHIN + 1)
    }
    return {one["id"] for one in snapshots if (one["type"], object_id(one), one["created"]) in told}
