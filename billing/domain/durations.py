"""Stretches of time, written out for people."""

from __future__ import annotations

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def format_duration(seconds: float) -> str:
    """``0.8 s``, ``42 s``, ``3 min``, ``2 h 5 min``, ``4 days``; with a minus when below zero."""
    size = abs(seconds)
    sign = "−" if seconds < 0 and round(size, 1) else ""  # noqa: RUF001 - the minus of print
    if size < 9.95:
        return f"{sign}{size:.1f} s"
    if size < 59.5:
        return f"{sign}{size:.0f} s"
    if size < HOUR - MINUTE / 2:
        return f"{sign}{size / MINUTE:.0f} min"
    if size < DAY - MINUTE / 2:
        hours, minutes = divmod(round(size / MINUTE), 60)
        return f"{sign}{hours} h {minutes} min" if minutes else f"{sign}{hours} h"
    days = round(size / DAY)
    return f"{sign}{days} day{'' if days == 1 else 's'}"
