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

COMMITS = 500  # between two of them


class Checkpoints:
    """A checkpoint after every so many commits, in a thread, as it waits for the disk several times
    and a commit would wait with it. End it with `close`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._commits = 0
        self._due = threading.Event()
        self._ends = False
        self._thread: threading.Thread | None = None

    def committed(self) -> None:
        """Count a commit; one caller at a time."""
        self._commits += 1
        if self._commits % COMMITS:
            return
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
