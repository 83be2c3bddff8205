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
    *changes, (_, _, latest) = offsets(zone, first, last)
    earlier = [(time < end, offset) for _, end, offset in changes]
    return (time + (case(*earlier, else_=latest) if earlier else literal(latest))) // DAY


def date_of(day: int) -> date:
    """The date of a day's number."""
    return FIRST_DAY + timedelta(days=day)


def offsets(zone: ZoneInfo, first: int, last: int) -> list[tuple[int, int, int]]:
    """From when until when the zone is how many seconds ahead of UTC, between two times."""
    found = []
    begun = at = first
    while at < last:
        ahead = _offset(zone, at)
        until = min(at + WEEK, last)
        if _offset(zone, until) != ahead:
            later = range(at, until + 1)
            until = later[bisect_left(later, True, key=lambda one: _offset(zone, one) != ahead)]
            found.append((begun, until, ahead))
            begun = until
        at = until
    return [*found, (begun, last, _offset(zone, last))]


def _offset(zone: ZoneInfo, time: int) -> int:
    return int((datetime.fromtimestamp(time, zone).utcoffset() or timedelta()).total_seconds())
