"""Days of a time zone, reckoned by the database: clocks that change are a ``CASE`` of offsets."""

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
    moment: ColumnElement[int], zone: ZoneInfo, first: int, last: int
) -> ColumnElement[int]:
    """The number of the day, for ``date_of``, on which a moment lies there. ``first`` and
    ``last`` are the earliest and the latest moment that it is asked for (Unix seconds)."""
    changes = [(moment < end, offset) for end, offset in _changes(zone, first, last)]
    now = _offset(zone, last)
    return (moment + (case(*changes, else_=now) if changes else literal(now))) // DAY


def date_of(day: int) -> date:
    """The date of a day's number."""
    return FIRST_DAY + timedelta(days=day)


def _changes(zone: ZoneInfo, first: int, last: int) -> list[tuple[int, int]]:
    """When the zone's clocks are changed, and what they were ahead of UTC until then (seconds)."""
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


def _offset(zone: ZoneInfo, moment: int) -> int:
    return int((datetime.fromtimestamp(moment, zone).utcoffset() or timedelta()).total_seconds())
