"""The sandbox's SQLite file: its schema, its transactions."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from stripe_sandbox.storage.changes import mark
from stripe_sandbox.storage.connection import connected
from stripe_sandbox.storage.schema import PRAGMAS, SCHEMA
from stripe_sandbox.storage.transactions.checkpoints import Checkpoints
from stripe_sandbox.storage.transactions.outcome import Outcome
from stripe_sandbox.storage.transactions.redo import Redo
from stripe_sandbox.storage.unusable import NewerDatabaseError, unusable

SCHEMA_VERSION = 1

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class Database:
    """One SQLite file in WAL mode, one connection, transactions one after another.

    A commit survives the end of the process. Every method may be called from any thread.
    `shared` is true for a file, which other processes may have open as well.
    """

    def __init__(self, path: Path | None, *, tables: str) -> None:
        """Open or create the file; None: the database is in memory. `tables` is the schema of the
        objects' tables. UnusableDatabaseError: the file is none of the sandbox's, or cannot be
        opened."""
        self._path = path
        self._lock = threading.RLock()
        self._depth = 0
        self._shared: Outcome | None = None
        self._after_commit: list[Callable[[], None]] = []
        self._version: int | None = None
        self._settings: dict[str, str | None] = {}
        self._settings_of = -1
        self.shared = path is not None
        self._connection = connected(path)
        self._redo = Redo(self._connection)
        self._checkpoints = None if path is None else Checkpoints(path)
        try:
            self._prepare(path, tables)
        except sqlite3.Error as error:
            self._connection.close()
            raise unusable(path, error) from error
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self, path: Path | None, tables: str) -> None:
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise NewerDatabaseError(
                f"{path} was written by a newer version of the sandbox (schema {version}; this "
                f"one knows {SCHEMA_VERSION}). Start that version, or another --database."
            )
        if not version and self._connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            raise unusable(path, "it belongs to another program")
        for pragma in PRAGMAS:
            self._connection.execute("PRAGMA " + pragma)
        with self.transaction():
            for statement in (SCHEMA + tables).split(";"):
                if statement.strip():
                    self._connection.execute(statement)
            self._connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            with suppress(sqlite3.ProgrammingError):  # closed before
                self.commit()
            if self._checkpoints is not None:
                self._checkpoints.close()
            self._connection.close()

    def compact(self) -> None:
        """Write the file anew: what was deleted or overwritten leaves no trace in it."""
        with self._lock:
            self.commit()
            self._connection.execute("VACUUM")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: an exception undoes what the block wrote. An inner transaction joins the
        outer one."""
        with self._lock:
            if self._depth:
                yield
                return
            self.commit()
            self._connection.execute("BEGIN IMMEDIATE")
            with self._part(self._roll_back):
                yield
                self._commit()
            calls, self._after_commit = self._after_commit, []
        for call in calls:
            call()

    @contextmanager
    def shared_transaction(self) -> Iterator[None]:
        """As `transaction`, but committed together with what others write in the same turn of the
        event loop: `committed` returns then."""
        with self._lock:
            if self._depth:
                yield
            elif self._shared is not None:
                with self._part(partial(self._redo.undo, self._redo.mark())):
                    yield
            else:
                loop = asyncio.get_running_loop()
                self._connection.execute("BEGIN IMMEDIATE")
                with self._part(self._roll_back):
                    yield
                self._shared = Outcome()
                loop.call_soon(self._commit_in_loop)

    @contextmanager
    def _part(self, undo: Callable[[], None]) -> Iterator[None]:
        """A transaction that has begun, or one's own part of it."""
        self._depth = 1
        self._version = None
        begun, calls = mark(), len(self._after_commit)
        try:
            yield
        except BaseException:
            begun.undo()
            del self._after_commit[calls:]
            self._settings.clear()
            undo()
            raise
        finally:
            self._depth = 0

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    async def committed(self) -> None:
        """Return once what was written in shared transactions is committed. sqlite3.Error: it could
        not be, and none of it is there."""
        with self._lock:  # another thread may be committing it
            shared = self._shared
        if shared is None:
            return
        await asyncio.sleep(0)  # behind the commit, which waits for its turn since it was begun
        with self._lock:
            if shared is self._shared:  # begun in another thread's loop
                self._commit_in_loop()
            shared.check()

    def _commit_in_loop(self) -> None:
        with suppress(sqlite3.Error):  # who waits for it is given it
            self.commit()

    def commit(self) -> None:
        """Commit what was written in shared transactions."""
        with self._lock:
            if self._shared is None:
                return
            shared, self._shared = self._shared, None
            calls, self._after_commit = self._after_commit, []
            try:
                self._commit()
            except BaseException as error:
                shared.failure = error
                self._settings.clear()
                self._roll_back()
                raise
            finally:
                self._redo.end()
        for call in calls:
            call()

    def _commit(self) -> None:
        self._connection.execute("COMMIT")
        if self._checkpoints is not None:
            self._checkpoints.committed(self._connection.total_changes)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of the running transaction: an exception undoes what the block wrote, and no
        more."""
        self._connection.execute("SAVEPOINT part")
        begun, position = mark(), self._redo.position()
        try:
            yield
        except BaseException:
            begun.undo()
            self._redo.forget(position)
            self._settings.clear()
            self._connection.execute("ROLLBACK TO part")
            raise
        finally:
            self._connection.execute("RELEASE part")

    @contextmanager
    def undone(self) -> Iterator[None]:
        """A part of the running transaction of which nothing stays: to see what would come of
        it."""
        self._connection.execute("SAVEPOINT trial")
        begun, position = mark(), self._redo.position()
        try:
            yield
        finally:
            begun.undo()
            self._redo.forget(position)
            self._settings.clear()
            self._connection.execute("ROLLBACK TO trial")
            self._connection.execute("RELEASE trial")

    def after_commit(self, call: Callable[[], None]) -> None:
        """Call `call` once when the running transaction is committed."""
        if call not in self._after_commit:
            self._after_commit.append(call)

    def write(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Run a statement; returns how many rows it changed."""
        with self._lock:
            try:
                changed = self._connection.execute(statement, values).rowcount
            except sqlite3.DatabaseError as error:
                raise self._named(error) from error
            self._redo.add(statement, (values,))
            return changed

    def write_many(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement once for each row of values."""
        with self._lock:
            try:
                self._connection.executemany(statement, rows)
            except sqlite3.DatabaseError as error:
                raise self._named(error) from error
            self._redo.add(statement, rows)

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with self._lock:
            try:
                return self._connection.execute(query, values).fetchall()
            except sqlite3.DatabaseError as error:
                raise self._named(error) from error

    def row(self, query: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        """The first row of a query, or None."""
        with self._lock:
            try:
                found: tuple[Any, ...] | None = self._connection.execute(query, values).fetchone()
            except sqlite3.DatabaseError as error:
                raise self._named(error) from error
            return found

    def _named(self, error: sqlite3.DatabaseError) -> Exception:
        """The error itself, or what it means when the file turns out to be damaged."""
        damaged = getattr(error, "sqlite_errorcode", None) in _DAMAGED
        return unusable(self._path, error) if damaged else error

    def version(self) -> int:
        """A number that changes whenever another process has changed the file; cheap to read."""
        if not self.shared:
            return 0
        with self._lock:
            if self._depth and self._version is not None:  # nobody else can write meanwhile
                return self._version
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
            self._version = int(version)
            return self._version

    def state(self) -> tuple[int, int]:
        """What is another one after each write to the file, of whatever process."""
        with self._lock:
            return self._connection.total_changes, self.version()

    def setting(self, name: str) -> str | None:
        """The value stored under a name, or None; read again only when another process changed the
        file."""
        with self._lock:
            version = self.version()
            if version != self._settings_of:
                self._settings.clear()
                self._settings_of = version
            if name not in self._settings:
                row = self.row("SELECT value FROM settings WHERE name = ?", (name,))
                self._settings[name] = None if row is None else str(row[0])
            return self._settings[name]

    def set_setting(self, name: str, value: str | None) -> None:
        """Store a value under a name; None removes it."""
        with self._lock:
            if value is None:
                self.write("DELETE FROM settings WHERE name = ?", (name,))
            else:
                self.write("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))
            self._settings.pop(name, None)
