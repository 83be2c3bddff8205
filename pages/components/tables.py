"""Tables of what other people wrote: a row that cannot be shown costs that row, not the table."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
import streamlit as st

from billing.safe_text import sanitize
from pages.components.shared_results import SharedResults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

log = logging.getLogger(__name__)

Item = TypeVar("Item")
# Pixels of a character at the size of a table's text, in the theme's fonts; of any other, the last.
# A phone has none to spare: what lies right of a column that is wider than its text is cut there.
CHARACTER_WIDTHS = {
    width: frozenset(characters)
    for width, characters in (
        (3.2, "'ijl|"),
        (3.9, " !,./:;I[]ft"),
        (4.7, "()-r"),
        (7.0, "Jcksvxyz"),
        (7.8, "#$+0123456789<=>?_abdeghnopqu~"),
        (10.4, "&ABCDEFGHKLNOPQRSTUVXYZw"),
    )
}
WIDEST = 13.0
CELL_FRAME = 16  # pixels around its text
CHIP_FRAME = 46  # pixels around the word of a chip, its shape among them
MOST_WIDTH = 360  # pixels; some emails have 300 characters
ROW_HEIGHT = 35  # pixels


@dataclass(frozen=True)
class DrawnTable:
    """What ``st.dataframe`` takes to show a table: its ``data``, and the ``columns`` for it. Cells
    by the names of their columns, one a row."""

    data: pa.Table | pd.DataFrame
    columns: Mapping[str, Any]
    cells: Mapping[str, Sequence[Any]]

    @property
    def height(self) -> int:
        """Pixels, with all rows in view."""
        return table_height(len(next(iter(self.cells.values()))))


@dataclass(frozen=True)
class Table(Generic[Item]):
    """How a kind of item looks in a table: the ``columns`` as Streamlit configures them, and the
    ``cells`` of one item by the names of the columns. ``least_widths`` (pixels) names columns that
    are as wide as their widest cell: right-aligned numbers, and what nobody should see cut."""

    columns: Mapping[str, Any]
    cells: Callable[[Item], Mapping[str, object]]
    least_widths: Mapping[str, int] = field(default_factory=dict)
    _drawn: SharedResults[DrawnTable] = field(
        default_factory=SharedResults, init=False, repr=False, compare=False
    )

    def draw(self, items: Iterable[Item]) -> DrawnTable:
        """One row an item, in its order; one that fails is empty but for its ``id``. It belongs to
        all pages that show the same: nobody changes it."""
        rows = [self._row(item) for item in items]
        # Each cell and its type, and of times the zone: not what they were made from.
        return self._drawn.get(repr(rows), lambda: self._draw(rows))

    def _draw(self, rows: list[list[object]]) -> DrawnTable:
        """Streamlit measures a column only once, and of a number that is right-aligned and cut the
        leading digits would go."""
        cells = {name: [row[at] for row in rows] for at, name in enumerate(self.columns)}
        measured = {
            name: self.columns[name] | {"width": _width(cells[name], least)}
            for name, least in self.least_widths.items()
        }
        data = _as_arrow(pd.DataFrame(rows, columns=list(self.columns)))
        return DrawnTable(data, {**self.columns, **measured}, cells)

    def _row(self, item: Item) -> list[object]:
        try:
            cells = self.cells(item)
            return [_safe(cells[name]) for name in self.columns]
        except Exception:
            item_id = getattr(item, "id", None)
            log.exception("This row cannot be shown: %r", item_id)
            return [_safe(item_id) if name == "id" else None for name in self.columns]


def table_height(rows: int) -> int:
    """As high as so many rows under the header; in pixels."""
    return ROW_HEIGHT * (rows + 1) + 3


def time_column(label: str) -> Any:
    """A column of ``times.local``: how long ago that was, by the browser's clock.

    Streamlit computes such a cell only when its table draws itself, in words of its own, and has
    no tooltip for it: a cell is no element and cannot count. text/times.html has the tables that
    are looked at drawn again every half minute, and shows a row's exact time on hover."""
    return st.column_config.DatetimeColumn(label, format="distance", width=140)


def exact_time_column(label: str) -> Any:
    """A column of the same, in full."""
    return st.column_config.DatetimeColumn(label, format="D MMM YYYY, HH:mm:ss", width=170)


def chip_column(
    label: str,
    colors: Mapping[str, Any],
    width: int,
    format_func: Callable[[str], str] | None = None,
) -> Any:
    """A column of chips: ``colors`` by the texts that there are; its cells are lists of them, which
    are shown as ``format_func`` writes them."""
    return st.column_config.MultiselectColumn(
        label,
        options=list(colors),
        color=list(colors.values()),
        width=width,
        format_func=format_func,
    )


def _as_arrow(rows: pd.DataFrame) -> pa.Table | pd.DataFrame:
    """As it is sent. Streamlit would convert the rows for each page that shows them."""
    try:
        return pa.Table.from_pandas(rows)
    except (pa.ArrowException, OverflowError):
        return rows  # with columns that Streamlit mends


def _safe(cell: object) -> object:
    if isinstance(cell, str):
        return sanitize(cell)
    return [_safe(one) for one in cell] if isinstance(cell, list) else cell


def _width(cells: Iterable[object], least: int) -> int:
    return min(max([least, *map(_pixels, cells)]), MOST_WIDTH)


def _pixels(cell: object) -> int:
    if isinstance(cell, list):
        return sum(_text_width(str(word)) + CHIP_FRAME for word in cell)
    return _text_width(cell) + CELL_FRAME if isinstance(cell, str) else 0


def _text_width(text: str) -> int:
    return ceil(sum(map(_character_width, text)))


def _character_width(character: str) -> float:
    widths = (width for width, known in CHARACTER_WIDTHS.items() if character in known)
    return next(widths, WIDEST)
