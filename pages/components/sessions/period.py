"""The periods that people ask for by name, and the one before each."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from pages.components.text.times import local, zone

if TYPE_CHECKING:
    from billing.domain.sessions.filters import SessionFilter

DAY = 86_400


class Period(StrEnum):
    """A period that ends now. The value is what stands in the address."""

    TODAY = "today"
    WEEK = "7d"
    THIRTY_DAYS = "30d"
    MONTH = "month"

    @property
    def label(self) -> str:
        """As people read it."""
        return _LABELS[self]

    @property
    def first_day(self) -> date:
        """In the viewer's time zone."""
        today = local(time.time()).date()
        match self:
            case Period.MONTH:
                return today.replace(day=1)
            case Period.WEEK:
                return today - timedelta(days=6)
            case Period.THIRTY_DAYS:
                return today - timedelta(days=29)
        return today


_LABELS = {
    Period.TODAY: "Today",
    Period.WEEK: "7 days",
    Period.THIRTY_DAYS: "30 days",
    Period.MONTH: "This month",
}


def midnight(day: date) -> int:
    """When that day begins in the viewer's time zone, in Unix seconds."""
    return int(datetime.combine(day, datetime.min.time(), zone()).timestamp())


def period_before(wanted: SessionFilter) -> tuple[int, int] | None:
    """From and until (Unix seconds) of the period before the filter's, as long as that has lasted
    so far; None where it has no beginning. Before a month lies a month, else as many days."""
    if wanted.since is None:
        return None
    now = int(time.time())
    until = min(now, wanted.until or now)
    first = local(wanted.since).date()
    if wanted.until is None and first.day == 1 and first == local(now).date().replace(day=1):
        start = midnight((first - timedelta(days=1)).replace(day=1))
        return start, min(start + until - wanted.since, wanted.since)
    days = max(-(-(until - wanted.since) // DAY), 1)
    return midnight(first - timedelta(days=days)), until - days * DAY
