"""What is still to happen at a time of its own: kept in the database, done in order."""

from __future__ import annotations

from collections.abc import Callable

from stripe_sandbox.storage.database import Database


class ScheduledJobs:
    """Entries of a kind and a subject (an object's id), each due once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._doers: dict[str, Callable[[str], None]] = {}
        self._listeners: list[Callable[[], None]] = []

    def on_due(self, kind: str, do: Callable[[str], None]) -> None:
        """Have `do(subject)` called for each entry of the kind, in the entry's transaction."""
        self._doers[kind] = do

    def on_add(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each commit that added an entry."""
        self._listeners.append(listener)

    def add(self, due: float, kind: str, subject: str) -> None:
        """Have it happen at `due`, in Unix seconds."""
        self._database.write(
            "INSERT INTO agenda (due, kind, subject) VALUES (?, ?, ?)", (due, kind, subject)
        )
        for listener in self._listeners:
            self._database.after_commit(listener)

    def next_due(self) -> float | None:
        """When the next entry is due, in Unix seconds."""
        row = self._database.row("SELECT due FROM agenda ORDER BY due LIMIT 1")
        return None if row is None else float(row[0])

    def do_next(self, until: float) -> bool:
        """Do the first entry that is due by then. False: there is none."""
        with self._database.transaction():
            row = self._database.row(
                "SELECT seq, kind, subject FROM agenda WHERE due <= ? ORDER BY due, seq LIMIT 1",
                (until,),
            )
            if row is None:
                return False
            seq, kind, subject = row
            self._database.write("DELETE FROM agenda WHERE seq = ?", (seq,))
            self._doers[kind](subject)
            return True
