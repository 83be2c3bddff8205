"""What a section of the report holds: each figure once a run, and goals that compare them."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

RUNS = 3
THIS_APP = "this app"

Runs = list[float]
Table = dict[str, dict[str, Runs]]  # row, column, a value for each run


@dataclass(frozen=True)
class Goal:
    """A figure that is to be ``wanted`` at least, or at most. Ratios to a peer, where they can be:
    these compare between machines."""

    name: str
    runs: Runs
    wanted: float
    at_least: bool
    unit: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.runs)

    @property
    def is_met(self) -> bool:
        return self.median >= self.wanted if self.at_least else self.median <= self.wanted

    def is_half_as_good_as(self, recorded: Goal) -> bool:
        """Worse than half of what was recorded."""
        if self.at_least:
            return self.median < recorded.median / 2
        return self.median > recorded.median * 2


@dataclass(frozen=True)
class Section:
    """One topic of the report. ``about`` says in a sentence how it was measured; ``left_out`` names
    what could not be, and why."""

    title: str
    about: str
    table: Table
    goals: list[Goal] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Section:
        goals = [Goal(**goal) for goal in data["goals"]]
        return cls(**{**data, "goals": goals})


class NotAvailable(Exception):
    """A peer cannot be measured here; says why."""


def interleaved(
    rows: Mapping[str, Callable[[], Mapping[str, float]]], runs: int
) -> tuple[Table, list[str]]:
    """Every row ``runs`` times, one after the other, so that a noisy moment of the machine does not
    fall on one row; and what was left out because it raised ``NotAvailable``."""
    table: Table = {}
    left_out: dict[str, str] = {}
    for _ in range(runs):
        for row, measure in rows.items():
            if row in left_out:
                continue
            try:
                figures = measure()
            except NotAvailable as missing:
                left_out[row] = f"{row}: {missing}"
                continue
            for column, value in figures.items():
                table.setdefault(row, {}).setdefault(column, []).append(value)
    return table, list(left_out.values())


def goal(
    table: Table,
    name: str,
    over: tuple[str, str],
    under: tuple[str, str],
    *,
    at_least: float | None = None,
    at_most: float | None = None,
) -> list[Goal]:
    """The ratio of two figures, each a row and a column, run by run: one goal, or none where a row
    was left out."""
    try:
        pairs = zip(table[over[0]][over[1]], table[under[0]][under[1]], strict=True)
    except KeyError:
        return []
    wanted = at_least if at_least is not None else at_most
    assert wanted is not None
    return [Goal(name, [one / other for one, other in pairs], wanted, at_least is not None)]


def absolute(
    table: Table, name: str, figure: tuple[str, str], unit: str, *, at_most: float
) -> list[Goal]:
    """A figure of this machine that is to stay below a limit."""
    row, column = figure
    runs = table.get(row, {}).get(column)
    return [Goal(name, runs, at_most, at_least=False, unit=unit)] if runs else []
