"""The deliveries of the random run under way: numbered here where several processes take them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select, update

from billing.store.tables import random_run_deliveries

if TYPE_CHECKING:
    from sqlalchemy import Connection

_d = random_run_deliveries.c


@dataclass(frozen=True)
class CountedEvent:
    """An event of the run: its number among those of its ``type``, from 1, how many ``attempts``
    there were to deliver it, and what it is about."""

    event_id: str
    type: str
    number: int
    attempts: int
    object_id: str


def count(connection: Connection, event_id: str, type_: str, object_id: str) -> CountedEvent:
    """Count one delivery more; the event with it. One process writes at a time, so that no other
    takes the number."""
    known = connection.execute(
        select(_d.number, _d.attempts).where(_d.event_id == event_id)
    ).first()
    if known:
        change = update(random_run_deliveries).where(_d.event_id == event_id)
        connection.execute(change.values(attempts=_d.attempts + 1))
        return CountedEvent(event_id, type_, known.number, known.attempts + 1, object_id)
    last = connection.scalar(select(func.max(_d.number)).where(_d.type == type_)) or 0
    counted = CountedEvent(event_id, type_, last + 1, 1, object_id)
    connection.execute(insert(random_run_deliveries), [vars(counted)])
    return counted


def every(connection: Connection) -> list[CountedEvent]:
    """All events of the run."""
    columns = (_d.event_id, _d.type, _d.number, _d.attempts, _d.object_id)
    return [CountedEvent(*row) for row in connection.execute(select(*columns))]


def delete_all(connection: Connection) -> None:
    """Another run begins."""
    connection.execute(delete(random_run_deliveries))
