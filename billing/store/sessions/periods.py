"""Times as periods that sessions are counted by: the longest that fit, so that there are few."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from billing.store.sessions.local_days import DAY, offsets

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

HOUR = 3_600
# Each is a multiple of the ones before, so that of each length only a few are needed at an end.
LENGTHS = (HOUR, 8 * HOUR, DAY, 8 * DAY, 64 * DAY, 512 * DAY)
QUARTER = 900  # days begin at a multiple of it in every time zone that is in use
WITHIN_A_DAY = LENGTHS[:2]
FAR = 2**16 * LENGTHS[-1]  # later than anything


@dataclass(frozen=True)
class Run:
    """Periods of one ``length`` and ``phase``, one after the other, from ``since`` up to
    ``until``."""

    length: int
    phase: int
    since: int
    until: int


@dataclass
class Cover:
    """``runs`` of periods, and the spans between them that are ``left``: less than an hour long,
    or more where a local day does not begin with one of UTC's hours."""

    runs: list[Run] = field(default_factory=list)
    left: list[tuple[int, int]] = field(default_factory=list)

    def add(self, since: int, until: int, lengths: tuple[int, ...] = LENGTHS) -> None:
        """Cover a span of time (Unix seconds)."""
        if since >= until:
            return
        if not lengths:
            self.left.append((since, until))
            return
        length, shorter = lengths[-1], lengths[:-1]
        first, end = -(-since // length) * length, until // length * length
        if first < end:
            self.add(since, first, shorter)
            self.runs.append(Run(length, 0, first, end))
            self.add(end, until, shorter)
        else:
            self.add(since, until, shorter)

    @property
    def phases(self) -> set[int]:
        """When days begin, in seconds after UTC's."""
        return {run.phase for run in self.runs} - {0}


def cover(since: int | None, until: int | None) -> Cover:
    """A span of time; None is no bound."""
    found = Cover()
    found.add(since or 0, FAR if until is None else until)
    return found


def cover_days(zone: ZoneInfo, since: int, until: int) -> Cover:
    """The days of a time zone: whole ones as they are, the others in parts."""
    found = Cover()
    for start, end, offset in offsets(zone, since, until):
        phase = -offset % DAY
        first = min(-(-(start - phase) // DAY) * DAY + phase, end)
        last = max((end - phase) // DAY * DAY + phase, first)
        found.add(start, first, WITHIN_A_DAY)
        if phase % QUARTER == 0:
            if first < last:
                found.runs.append(Run(DAY, phase, first, last))
        else:
            for midnight in range(first, last, DAY):
                found.add(midnight, midnight + DAY, WITHIN_A_DAY)
        found.add(last, end, WITHIN_A_DAY)
    return found
