"""Days of a time zone in SQL: a ``CASE`` of the zone's UTC offsets."""

from __future__ import annotations

from bisect import bisect_left
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import case, literal

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from sqlalchemy import ColumnElement

DAY = 86_400
WEEK = 7 * DAY  # no zone changes its clocks and back again within one
FIRST_DAY = date(1970, 1, 1)


def local_day(
    time: ColumnElement[int], zone: ZoneInfo, first: int, last: int
) -> ColumnElement[int]:
    """The number of the day in the zone (see ``date_of``) of a time in Unix seconds, which lies
    between ``first`` and ``last``."""
    changes = [(time < end, offset) for end, offset in _changes(zone, first, last)]
    latest = _offset(zone, last)
    return (time + (case(*changes, else_=latest) if changes else literal(latest))) // DAY


def date_of(day: int) -> date:
    """The date of a day's number."""
    return FIRST_DAY + timedelta(days=day)


def _changes(zone: ZoneInfo, first: int, last: int) -> list[tuple[int, int]]:
    """When the zone's offset changes, and what it is until then (seconds ahead of UTC)."""
    found = []
    while first < last:
        ahead = _offset(zone, first)
        until = min(first + WEEK, last)
        if _offset(zone, until) != ahead:
            later = range(first, until + 1)
            until = later[bisect_left(later, True, key=lambda at: _offset(zone, at) != ahead)]
            found.append((until, ahead))
        first = until
    return found


def _offset(zone: ZoneInfo, time: int) -> int:
    return int((datetime.fromtimestamp(time, zone).utcoffset() or timedelta()).total_seconds())
