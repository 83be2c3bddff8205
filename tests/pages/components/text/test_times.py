"""Times as people read them."""

from __future__ import annotations

import time
from zoneinfo import ZoneInfo

import pytest

from pages.components.text import times

NOW = 1_800_000_000.0
AGES = [
    (0, "just now"),
    (-5, "just now"),
    (42, "42 s ago"),
    (60, "1 min ago"),
    (3_569, "59 min ago"),
    (3_571, "1 h ago"),
    (7_500, "2 h 5 min ago"),
    (86_371, "1 day ago"),
    (5 * 86_400, "5 days ago"),
    (-7_200, "in 2 h"),
]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(time, "time", lambda: NOW)
    return monkeypatch


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(("age", "words"), AGES)
def test_how_long_ago_it_was_or_how_far_ahead_of_us_it_is(age: float, words: str) -> None:
    assert times.ago(NOW - age) == words


@pytest.mark.usefixtures("clock")
def test_a_short_time_has_its_year_where_that_is_another_one() -> None:
    now = times.local(NOW)
    assert times.short_time(NOW) == f"{now:%d %b, %H:%M:%S}"
    year = 366 * 86_400
    assert times.short_time(NOW - year).endswith(f"{times.local(NOW - year):%Y, %H:%M}")


@pytest.mark.parametrize(
    "name",
    [None, "", "Etc/Unknown", "Europe", "../UTC", "/etc/passwd", "x" * 5_000, "\x00", "\ud83d"],
)
def test_a_time_zone_that_nobody_knows_is_utc(name: str | None) -> None:
    assert times.zone_named(name) == ZoneInfo("UTC")


def test_a_time_zone_that_is_known_is_used() -> None:
    assert times.zone_named("Asia/Kolkata") == ZoneInfo("Asia/Kolkata")


@pytest.mark.parametrize(("moment", "year"), [(10**15, 9999), (-(10**15), 1)])
def test_a_time_beyond_the_calendar_is_its_end(moment: int, year: int) -> None:
    assert times.local(moment).year == year
    assert f"{year}" in times.short_time(moment)


@pytest.mark.usefixtures("clock")
def test_a_time_that_counts_names_its_moment_and_leaves_no_other_html() -> None:
    shown = times.counting(NOW - 42)
    assert 'datetime="2027-01-15T07:59:18Z"' in shown
    assert f'title="{times.exact_time(NOW - 42)}"' in shown
    assert shown.endswith(">42 s ago</time>")
    assert "9999-12-31T" in times.counting(10**15)
