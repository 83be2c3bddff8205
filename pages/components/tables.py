"""Tables of what other people wrote: a row that cannot be shown costs that row, not the table."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypeVar

import pandas as pd

from billing.safe_text import sanitize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

log = logging.getLogger(__name__)

T = TypeVar("T")
CHARACTER = 8  # pixels of the widest digit, in any of the theme's fonts
CELL_FRAME = 16  # pixels around its text


def table(
    items: Iterable[T], columns: Sequence[str], cells: Callable[[T], Sequence[object]]
) -> pd.DataFrame:
    """One row an item, in its order; ``cells`` gives the values of a row, one a column. Where
    that fails the row is empty but for its ``id``."""
    rows = [_row(item, columns, cells) for item in items]
    return pd.DataFrame(rows, columns=list(columns))


def _row(item: T, columns: Sequence[str], cells: Callable[[T], Sequence[object]]) -> list[object]:
    try:
        return [_safe(cell) for cell in cells(item)]
    except Exception:
        name = getattr(item, "id", None)
        log.exception("This row cannot be shown: %r", name)
        return [_safe(name) if column == "id" else None for column in columns]


def _safe(cell: object) -> object:
    if isinstance(cell, str):
        return sanitize(cell)
    return [_safe(one) for one in cell] if isinstance(cell, list) else cell


def width_of(texts: Iterable[object], least: int) -> int:
    """The width of a column, in pixels, at which no number among its ``texts`` is cut: of one that
    is right-aligned the leading digits would go. A table's own measure is taken but once."""
    longest = max((len(text) for text in texts if isinstance(text, str)), default=0)
    return max(least, longest * CHARACTER + CELL_FRAME)
