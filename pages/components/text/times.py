"""Times as the person at the page reads them: in the time zone of the browser."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from billing.domain.durations import format_duration

# A day within the years 1 and 9999, whatever the time zone.
EARLIEST, LATEST = -62_135_510_400, 253_402_214_400
JUST_NOW_SECONDS = 10
_SCRIPT = Path(__file__).with_name("times.html")


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


def counting(unix_seconds: float) -> str:
    """``ago`` counting in the browser, with the exact time on hover: HTML, for ``markdown``."""
    at = datetime.fromtimestamp(min(max(unix_seconds, EARLIEST), LATEST), UTC)
    return (
        f'<time datetime="{at:%Y-%m-%dT%H:%M:%SZ}" title="{escape(exact_time(unix_seconds))}">'
        f"{escape(ago(unix_seconds))}</time>"
    )


def markdown(text: str, **how: Any) -> None:
    """Shows Markdown with times of ``counting`` in it; all else that others wrote has to be
    ``plain`` or ``code``, which leave no HTML."""
    st.markdown(text, unsafe_allow_html=True, **how)


def count_times() -> None:
    """The script by which times count, in tables too; once a page."""
    st.html(_SCRIPT, unsafe_allow_javascript=True)


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
