"""Rows that were read a short while ago, so that not every request asks the database."""

from __future__ import annotations

from typing import Generic, TypeVar

MOST = 1_000

Row = TypeVar("Row")


class Remembered(Generic[Row]):
    """What was read by a key, and when (Unix seconds): a row, or that there is none."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._rows: dict[str, tuple[float, Row | None]] = {}

    def get(self, key: str) -> Row | None:
        """The row as it was read last, however long ago."""
        return self._rows.get(key, (0.0, None))[1]

    def is_fresh(self, key: str, now: float, seconds: float | None = None) -> bool:
        """It was read lately, or within so many ``seconds``."""
        read_at = self._rows.get(key, (0.0, None))[0]
        return now - (self._seconds if seconds is None else seconds) < read_at <= now

    def put(self, key: str, row: Row | None, now: float) -> None:
        """It was read just now."""
        if len(self._rows) >= MOST:
            self._rows.clear()
        self._rows[key] = now, row

    def forget(self, key: str) -> None:
        """Read this row anew."""
        self._rows.pop(key, None)

    def clear(self) -> None:
        """Read every row anew."""
        self._rows.clear()
