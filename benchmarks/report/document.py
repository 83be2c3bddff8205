"""``report.md``, written from what is recorded in ``report.json`` beside it."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.report.figures import Section
from benchmarks.support.tables import number, table_lines

if TYPE_CHECKING:
    from benchmarks.report.figures import Goal, Runs

FOLDER = Path(__file__).resolve().parent.parent
RECORD, REPORT = FOLDER / "report.json", FOLDER / "report.md"
INTRODUCTION = """# Benchmarks

Written by `make bench`. Each figure is the median of its runs, with the smallest and the largest in
brackets; ratios are made run by run. All processes share one machine, so the ratios say more than
the figures. `make bench QUICK=1` compares a machine's ratios with these.
"""


def recorded() -> dict[str, Section]:
    """The sections that were recorded last, by name."""
    return {name: Section.from_json(entry["section"]) for name, entry in _entries().items()}


def record(name: str, section: Section, machine: str, order: list[str]) -> None:
    """Keep the section in place of the one before, and write the report anew, in this order."""
    entries = _entries() | {name: {"machine": machine, "section": section.to_json()}}
    entries = {name: entries[name] for name in order if name in entries}
    RECORD.write_text(json.dumps(entries, indent=1, sort_keys=False) + "\n")
    parts = (
        section_text(Section.from_json(entry["section"]), entry["machine"])
        for entry in entries.values()
    )
    REPORT.write_text("\n".join([INTRODUCTION, *parts]))


def section_text(section: Section, machine: str) -> str:
    """The section in Markdown."""
    lines = [f"## {section.title}", "", section.about, ""]
    columns = list(dict.fromkeys(name for row in section.table.values() for name in row))
    lines += table_lines(
        ["", *columns],
        [
            [row, *(spread(figures.get(name, [])) for name in columns)]
            for row, figures in section.table.items()
        ],
    )
    if section.goals:
        lines += ["", *table_lines(["", "measured", "wanted"], list(map(goal_row, section.goals)))]
    for missing in section.left_out:
        lines += ["", f"Left out: {missing}."]
    return "\n".join([*lines, "", f"Measured on {machine}.", ""])


def goal_row(goal: Goal) -> list[str]:
    unit = f" {goal.unit}" if goal.unit else ""
    sign = "≥" if goal.at_least else "≤"
    met = "" if goal.is_met else ", not met"
    return [goal.name, f"{spread(goal.runs)}{unit}", f"{sign} {plain(goal.wanted)}{unit}{met}"]


def spread(runs: Runs) -> str:
    """``1,013 (990 to 1,020)``."""
    if not runs:
        return ""
    middle = plain(statistics.median(runs))
    return middle if len(runs) == 1 else f"{middle} ({plain(min(runs))} to {plain(max(runs))})"


def plain(value: float) -> str:
    """Three digits that count: ``0.987``, ``9.87``, ``98.7``, ``987``."""
    size = abs(value)
    return number(value, 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3)


def _entries() -> dict[str, Any]:
    return json.loads(RECORD.read_text()) if RECORD.exists() else {}
