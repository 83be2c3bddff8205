"""Stretches of time in words."""

from __future__ import annotations

import pytest

from billing.domain.durations import format_duration


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "0.0 s"),
        (1.24, "1.2 s"),
        (9.96, "10 s"),
        (59.6, "1 min"),
        (185, "3 min"),
        (3599, "1 h"),
        (7500, "2 h 5 min"),
        (86_399, "1 day"),
        (4 * 86_400, "4 days"),
        (-5, "−5.0 s"),  # noqa: RUF001 - the minus of print
        (-0.01, "0.0 s"),
    ],
)
def test_a_stretch_of_time_is_written_in_the_unit_that_fits(seconds: float, words: str) -> None:
    assert format_duration(seconds) == words
