"""The engine: connect, keep the schema current, say in words what went wrong."""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from billing.errors import NotConfigured, StoreFailure
from billing.settings import DATABASE_URL

if TYPE_CHECKING:
    from pydantic import SecretStr
    from sqlalchemy import Connection, Engine

BUSY_SECONDS = 5
CONNECTIONS = 8  # one writes, the others read
WRITES = "billing_writes"  # the execution option of a connection that will write
MIGRATIONS = Path(__file__).with_name("migrations")
MIGRATION_LOCK = 7_265_101  # any number that nobody else on the same PostgreSQL uses
_UPGRADING = threading.Lock()  # Alembic works on one connection of a process at a time


class Database:
    """An engine whose schema is current. Nothing connects before the first use.

    ``engine()`` raises ``NotConfigured`` when ``DATABASE_URL`` is malformed and ``StoreFailure``
    when the database does not answer, or was made by a newer version of this code; it tries anew
    at the next call.
    """

    def __init__(self, url: SecretStr) -> None:
        self._url = url
        self._engine: Engine | None = None
        self._current = False
        self._lock = threading.Lock()

    def engine(self) -> Engine:
        """The engine, once the schema is current. Blocks: call it in a thread."""
        if not self._current:
            with self._lock:
                if self._engine is None:
                    self._engine = self._created()
                if not self._current:
                    try:
                        with _UPGRADING:
                            upgrade(self._engine)
                    except SQLAlchemyError as error:
                        raise store_failure(error) from None
                    self._current = True
        assert self._engine is not None  # noqa: S101 - set above, whenever the schema is current
        return self._engine

    def close(self) -> None:
        """Let the connections go."""
        if self._engine is not None:
            self._engine.dispose()

    def _created(self) -> Engine:
        try:
            url = make_url(self._url.get_secret_value())
            if url.get_backend_name() == "sqlite":
                return _sqlite(url)
            return create_engine(url, pool_pre_ping=True, pool_size=CONNECTIONS)
        except (ArgumentError, ImportError, SQLAlchemyError):
            raise NotConfigured(
                DATABASE_URL,
                f"{DATABASE_URL} cannot be used.",
                "Write it like postgresql+psycopg://user:password@host/name, or unset it.",
            ) from None
        except OSError as error:
            raise StoreFailure(
                f"The database file cannot be made: {error.strerror}.",
                f"Make its folder writable, or set {DATABASE_URL} to another place.",
            ) from None


def _sqlite(url: Any) -> Engine:
    if url.database not in (None, "", ":memory:"):
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions begin below, not by the driver's guess
        # WAL lets pages read while webhooks are written; FULL keeps what was acknowledged
        # through a power cut. https://sqlite.org/wal.html
        _use_wal(connection)
        for pragma in ("synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A writer says so at once, so that it waits its turn instead of failing half-way.
        writes = connection.get_execution_options().get(WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _use_wal(connection: Any) -> None:
    """Of several processes that make a file at once, one changes its mode; the others, whom
    SQLite answers without a wait, find it changed."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def upgrade(engine: Engine) -> None:
    """Bring the schema to this code's version; a newer one is refused, untouched.

    All of it is one transaction, which other processes that start at the same time wait for.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    with engine.execution_options(**{WRITES: True}).begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
        current = MigrationContext.configure(connection).get_current_revision()
        if current not in {None, *(script.revision for script in scripts.walk_revisions())}:
            raise StoreFailure(
                "The database was made by a newer version of this app and was left untouched.",
                f"Bring the app up to date, or set {DATABASE_URL} to another database.",
            )
        if current != scripts.get_current_head():
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def store_failure(error: Exception) -> StoreFailure:
    """What went wrong, in words. The driver's own may hold the URL, and that a password."""
    said = str(getattr(error, "orig", error)).lower()
    if "disk is full" in said or "no space left" in said:
        return StoreFailure(
            "The database's disk is full.", "Free some space; nothing acknowledged was lost."
        )
    if "disk i/o error" in said:
        return StoreFailure(
            "The database's file cannot be written.",
            "Its disk may be full, over a quota or broken; nothing acknowledged was lost.",
        )
    if "locked" in said or "lock timeout" in said:
        return StoreFailure(
            "The database is locked by another program.", "Close it, or wait until it is done."
        )
    if "readonly" in said or "read-only" in said:
        return StoreFailure(
            "The database may only be read.", "Give this user the right to write to it."
        )
    if "malformed" in said or "not a database" in said:
        return StoreFailure(
            "The database file is damaged or is no database.",
            f"Restore it, or set {DATABASE_URL} to another file.",
        )
    return StoreFailure(
        "The database does not answer.", f"Check {DATABASE_URL} and the server behind it."
    )
