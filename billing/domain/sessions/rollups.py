"""Where counts of sessions by period say something else than the sessions one by one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class RollupDifference:
    """In the period of ``length`` seconds from ``start`` (Unix seconds), of the sessions of that
    ``source`` and ``kind`` ("" for none) whose ``facet`` has that ``value``: how many more the
    rollups count than there are, and how much more of the amounts (minor units)."""

    length: int
    start: int
    facet: str
    source: str
    kind: str
    value: str
    number: int
    amount: int
    went_back: int

    def __str__(self) -> str:
        period = f"{datetime.fromtimestamp(self.start, UTC):%Y-%m-%d %H:%M} + {self.length} s"
        whose = " ".join(filter(None, (self.source, self.kind)))
        more = f"{self.number:+d} sessions, {self.amount:+d} paid, {self.went_back:+d} went back"
        return f"{period}, {whose}, {self.facet} {self.value}: {more}"
