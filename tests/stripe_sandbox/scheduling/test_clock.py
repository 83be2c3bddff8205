"""Billing intervals on the calendar."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from stripe_sandbox.clock import ManualClock
from stripe_sandbox.resources.billing.billing_cycle import add_interval


@pytest.mark.parametrize(
    ("start", "interval", "count", "end"),
    [
        ("2026-01-15", "day", 3, "2026-01-18"),
        ("2026-01-15", "week", 2, "2026-01-29"),
        ("2026-01-15", "month", 1, "2026-02-15"),
        ("2026-01-31", "month", 1, "2026-02-28"),
        ("2028-01-31", "month", 1, "2028-02-29"),
        ("2026-11-30", "month", 3, "2027-02-28"),
        ("2026-12-31", "month", 1, "2027-01-31"),
        ("2028-02-29", "year", 1, "2029-02-28"),
        ("2026-06-01", "year", 3, "2029-06-01"),
    ],
)
def test_an_interval_ends_on_the_same_day(start: str, interval: str, count: int, end: str) -> None:
    """The same day of a later month, or its last day when it is shorter."""

    def seconds(day: str) -> int:
        return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())

    assert add_interval(seconds(start), interval, count) == seconds(end)


def test_a_manual_clock_stands_until_it_is_moved() -> None:
    """It calls its listeners when it moves."""
    clock = ManualClock(100.5)
    moves: list[float] = []
    clock.on_move(lambda: moves.append(clock.time()))
    assert (clock.time(), clock.now()) == (100.5, 100)
    clock.advance(10)
    assert moves == [110.5]
