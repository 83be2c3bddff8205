"""Tables that read well in a terminal and in Markdown."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def table_lines(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The first column is text and stands left, the others are numbers and stand right."""
    lines = [columns, *rows]
    widths = [max(3, *(len(line[index]) for line in lines)) for index in range(len(columns))]

    def line(cells: Sequence[str]) -> str:
        first, *others = (
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return f"| {' | '.join([first, *others])} |"

    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return [line(columns), line(rule), *map(line, rows)]


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print the table under its title."""
    print(f"\n### {title}\n")
    print("\n".join(table_lines(columns, rows)), flush=True)


def number(value: float, digits: int = 0) -> str:
    """``1,013``, ``1.44``; a dash for what could not be measured."""
    return "-" if math.isnan(value) else f"{value:,.{digits}f}"
