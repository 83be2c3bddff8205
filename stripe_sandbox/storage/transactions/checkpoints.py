"""Moves what SQLite's write-ahead log holds into its file, beside what goes on meanwhile.

https://www.sqlite.org/wal.html#ckpt
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 4_000  # changed between two of them: so few are moved in some milliseconds


class Checkpoints:
    """A checkpoint after every so many changed rows, in a thread, as it waits for the disk several
    times and a commit would wait with it. End it with `close`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._next = ROWS
        self._due = threading.Event()
        self._ends = False
        self._thread: threading.Thread | None = None

    def committed(self, changed: int) -> None:
        """So many rows were changed so far, and that is committed; one caller at a time."""
        if changed < self._next:
            return
        self._next = changed + ROWS
        self._due.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End, once a checkpoint under way has."""
        self._ends = True
        self._due.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        with closing(sqlite3.connect(self._path, isolation_level=None)) as connection:
            while self._due.wait() and not self._ends:
                self._due.clear()
                # What fails here is done by the connection that writes, later and with a word.
                with suppress(sqlite3.Error):
                    connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
