"""Cells of CSV files that a spreadsheet can open without harm."""

from __future__ import annotations

import re
from datetime import UTC, datetime

# A cell that begins with one of these signs is a formula to spreadsheets: also in their
# full-width and other forms, after what cannot be seen, and after a sign that some split cells at.
# https://owasp.org/www-community/attacks/CSV_Injection
_SIGNS = (
    r"=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u207a\u207c\u208a\u208c\u2212\ufb29"
)
_UNSEEN = r"[\s\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]*"
_FORMULA = re.compile(rf"{_UNSEEN}[{_SIGNS}]|[\t\r\n]")
_FORMULA_IN_NEXT_CELL = re.compile(rf"[;\t](?={_UNSEEN}[{_SIGNS}])")


def escape_formula(cell: str) -> str:
    """The cell with a ``'`` before whatever a spreadsheet would calculate."""
    formula = _FORMULA.match(cell)
    end = formula.end() if formula else 0
    rest = _FORMULA_IN_NEXT_CELL.sub(r"\g<0>'", cell[end:])
    return ("'" if formula else "") + cell[:end] + rest


def iso_time(unix_seconds: int | None) -> str:
    """The time in ISO 8601 UTC; empty for None."""
    if unix_seconds is None:
        return ""
    try:
        return datetime.fromtimestamp(unix_seconds, UTC).isoformat()
    except (ValueError, OverflowError, OSError):  # beyond the calendar
        return str(unix_seconds)
