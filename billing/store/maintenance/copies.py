"""Consistent copies of a whole database, made while others write, and putting one back.

SQLite copies itself; of PostgreSQL its own ``pg_dump`` and ``pg_restore`` do it, found on PATH.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from billing.errors import NotConfigured, StoreFailure
from billing.safe_text import redact
from billing.settings.model import DATABASE_URL
from billing.store.engine.engines import sqlite_file
from billing.store.engine.failures import store_failure
from billing.store.engine.private_file import make_private
from billing.store.engine.schema import known_revisions

if TYPE_CHECKING:
    from pydantic import SecretStr

SQLITE, POSTGRESQL = "sqlite", "postgresql"
_REVISION = "SELECT version_num FROM alembic_version"
_TABLES = (
    "SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'S')"
    " AND relnamespace = current_schema()::regnamespace"
)


class DatabaseCopies:
    """Of the database at a URL. Everything blocks, and raises ``StoreFailure`` in words without a
    password; ``NotConfigured`` for a URL that is none."""

    def __init__(self, url: SecretStr) -> None:
        try:
            self._url = make_url(url.get_secret_value())
        except ArgumentError:
            raise NotConfigured(
                DATABASE_URL,
                f"{DATABASE_URL} cannot be used.",
                "Write it like postgresql+psycopg://user:password@host/name, or unset it.",
            ) from None
        self.kind = SQLITE if self._url.get_backend_name() == SQLITE else POSTGRESQL

    @property
    def file(self) -> Path | None:
        """The SQLite file."""
        return sqlite_file(self._url) if self.kind == SQLITE else None

    def write_to(self, target: Path) -> None:
        """Make a copy, as everything was at one moment."""
        if self.kind == SQLITE:
            copy_sqlite(self._sqlite_file(), target)
        else:
            _run("pg_dump", self._url, "--format=custom", f"--file={target}")

    def read_from(self, source: Path) -> None:
        """Put a copy where there is nothing yet; refused where there is."""
        if not self.is_empty():
            raise StoreFailure(
                "The database is not empty, so nothing was restored.",
                f"Set {DATABASE_URL} to an empty one, or move the file away.",
            )
        if self.kind == SQLITE:
            restore_sqlite(source, self._sqlite_file())
        else:
            _run("pg_restore", self._url, "--exit-on-error", "--single-transaction", str(source))

    def is_empty(self) -> bool:
        """There are no tables."""
        if self.kind == SQLITE:
            return is_empty_sqlite(self._sqlite_file())
        return self._ask(_TABLES) == "0"

    def revision(self) -> str:
        """The migration that the tables are at."""
        if self.kind == SQLITE:
            return revision_of_sqlite(self._sqlite_file())
        return self._ask(_REVISION)

    def _sqlite_file(self) -> Path:
        if file := self.file:
            return file
        raise StoreFailure("A database in memory cannot be copied.", f"Set {DATABASE_URL}.")

    def _ask(self, query: str) -> str:
        engine = create_engine(self._url)
        try:
            with engine.connect() as connection:
                return str(connection.scalar(text(query)))
        except SQLAlchemyError as error:
            raise store_failure(error, self._url.password) from None
        finally:
            engine.dispose()


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy a SQLite file that others may be writing to. https://sqlite.org/backup.html"""
    if not source.exists():
        raise StoreFailure(f"There is no database {source}.", "Start the dashboard once.")
    make_private(target)
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as original,
            closing(sqlite3.connect(target)) as copy,
        ):
            # All pages in one step: in several, it would begin anew whenever somebody writes.
            original.backup(copy, pages=-1)
            copy.execute("PRAGMA journal_mode = DELETE")  # so that the file holds everything
    except sqlite3.Error as error:
        raise StoreFailure(f"{source} cannot be copied: {error}.") from None


def restore_sqlite(source: Path, target: Path) -> None:
    """Put the copy in place, once it has been checked."""
    with closing(sqlite3.connect(source)) as copy:
        try:
            (result,) = copy.execute("PRAGMA integrity_check").fetchone()
        except sqlite3.Error as error:
            result = error
    if str(result) != "ok":
        raise StoreFailure(f"The copy in the backup is damaged: {result}.", "Use another backup.")
    try:
        make_private(target)
        shutil.copyfile(source, target)
    except OSError as error:
        raise StoreFailure(f"{target} cannot be written: {error.strerror}.") from None


def is_empty_sqlite(file: Path) -> bool:
    """There is no such file, or no table in it."""
    if not file.exists() or not file.stat().st_size:
        return True
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        try:
            return not connection.execute("SELECT 1 FROM sqlite_master").fetchone()
        except sqlite3.Error:
            return False


def revision_of_sqlite(file: Path) -> str:
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        try:
            return str(connection.execute(_REVISION).fetchone()[0])
        except (sqlite3.Error, TypeError):
            raise StoreFailure(f"{file} is no database of this app.") from None


def is_known(revision: str) -> bool:
    """This release can use tables of that migration."""
    return revision in known_revisions()


def _run(program: str, url: URL, *arguments: str) -> None:
    """Run one of PostgreSQL's programs. The password goes by the environment: everybody on the
    machine can read a command line."""
    path = shutil.which(program)
    if path is None:
        raise StoreFailure(
            f"{program} is not on PATH.",
            "Install PostgreSQL's client programs of the server's version or a newer one.",
        )
    password = url.password or url.query.get("password")
    query = {name: value for name, value in url.query.items() if name != "password"}
    bare = URL.create(POSTGRESQL, url.username, None, url.host, url.port, url.database, query=query)
    environment = os.environ | ({"PGPASSWORD": str(password)} if password else {})
    done = subprocess.run(  # noqa: S603 - the program itself, and no shell
        [
            path,
            *("--no-owner", "--no-privileges", "--no-password"),
            f"--dbname={bare.render_as_string()}",
            *arguments,
        ],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = redact(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "")
        raise StoreFailure(f"{program} failed: {said}", "See the message, and try again.")
