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
