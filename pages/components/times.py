"""Times as the person at the page reads them: in the time zone of the browser."""

from __future__ import annotations

import time
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from billing.domain.durations import format_duration

# A day within the years 1 and 9999, whatever the time zone.
EARLIEST, LATEST = -62_135_510_400, 253_402_214_400
JUST_NOW_SECONDS = 10


def local(unix_seconds: float) -> datetime:
    """The moment in the browser's time zone; the nearest that the calendar has."""
    return datetime.fromtimestamp(min(max(unix_seconds, EARLIEST), LATEST), zone())


def short_time(unix_seconds: float) -> str:
    """``23 Nov, 07:42:13``; of another year ``23 Nov 2025, 07:42``."""
    at = local(unix_seconds)
    is_this_year = at.year == local(time.time()).year
    return f"{at:%d %b, %H:%M:%S}" if is_this_year else f"{at:%d %b %Y, %H:%M}"


def ago(unix_seconds: float) -> str:
    """``just now``, ``42 s ago``, ``2 h 5 min ago``; ``in 3 days`` where a clock is ahead."""
    age = time.time() - unix_seconds
    if abs(age) < JUST_NOW_SECONDS:
        return "just now"
    return f"{format_duration(age)} ago" if age > 0 else f"in {format_duration(-age)}"


def exact_time(unix_seconds: float) -> str:
    """``23 Nov 2026, 07:42:13``."""
    return f"{local(unix_seconds):%d %b %Y, %H:%M:%S}"


def zone() -> ZoneInfo:
    """The browser's time zone; UTC where it names none, or none that is known here."""
    return zone_named(st.context.timezone)


def zone_named(name: str | None) -> ZoneInfo:
    """The time zone of that name, or UTC. Browsers say ``Etc/Unknown`` where they cannot tell."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
