"""The database: connecting, and upgrading its schema."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from billing.errors import NotConfigured, StoreFailure
from billing.settings.model import DATABASE_URL
from billing.store.engine.engines import (
    UPGRADES,
    postgresql_engine,
    sqlite_engine,
    sqlite_file,
)
from billing.store.engine.failures import store_failure
from billing.store.engine.releases import is_served, store_oldest_served

if TYPE_CHECKING:
    from pydantic import SecretStr
    from sqlalchemy import Connection, Engine

    from billing.timings import DatabaseLimits

MIGRATIONS = Path(__file__).parents[1] / "migrations"
_UPGRADING = threading.Lock()  # Alembic works on one connection of a process at a time


class Database:
    """An engine whose schema is current. Nothing connects before the first use."""

    def __init__(self, url: SecretStr, limits: DatabaseLimits) -> None:
        self._url = url
        self._limits = limits
        self._password: str | None = None
        self._engine: Engine | None = None
        self._current = False
        self._lock = threading.Lock()

    @property
    def file(self) -> Path | None:
        """The SQLite file; None in memory, and of another kind of database."""
        with suppress(SQLAlchemyError):
            url = make_url(self._url.get_secret_value())
            if url.get_backend_name() == "sqlite":
                return sqlite_file(url)
        return None

    def engine(self) -> Engine:
        """The engine, once the schema is current. Blocks: call it in a thread.

        Raises ``NotConfigured`` when ``DATABASE_URL`` is malformed, and ``StoreFailure`` when the
        database does not answer or has a schema that is too new. The next call tries again.
        """
        if not self._current:
            if not self._lock.acquire(timeout=self._limits.statement):
                raise StoreFailure("The database is being upgraded.", "Wait until that is done.")
            try:
                if self._engine is None:
                    self._engine = self._create_engine()
                if not self._current:
                    upgrade(self._engine)
                    self._current = True
            except SQLAlchemyError as error:
                raise self.failure(error) from None
            finally:
                self._lock.release()
        assert self._engine is not None  # noqa: S101 - set above, whenever the schema is current
        return self._engine

    def failure(self, error: Exception) -> StoreFailure:
        """The error in words, without the password."""
        return store_failure(error, self._password)

    def connections(self) -> dict[str, int]:
        """How many connections are ``in_use`` and how many ``idle``."""
        pool = self._engine.pool if self._engine else None
        if not isinstance(pool, QueuePool):  # a database in memory has one connection a thread
            return {}
        return {"in_use": pool.checkedout(), "idle": pool.checkedin()}

    def close(self) -> None:
        """Close the connections."""
        if self._engine is not None:
            self._engine.dispose()

    def _create_engine(self) -> Engine:
        try:
            url = make_url(self._url.get_secret_value())
            self._password = url.password
            if url.get_backend_name() == "sqlite":
                return sqlite_engine(url, self._limits)
            if url.get_dialect().driver == "psycopg":
                return postgresql_engine(url, self._limits)
        except (ArgumentError, ImportError, SQLAlchemyError):
            pass
        except OSError as error:
            raise StoreFailure(
                f"The database file cannot be created: {error.strerror}.",
                f"Make its folder writable, or set {DATABASE_URL} to another location.",
            ) from None
        raise NotConfigured(
            DATABASE_URL,
            f"{DATABASE_URL} cannot be used.",
            "Write it like postgresql+psycopg://user:password@host/name, or unset it.",
        ) from None


def upgrade(engine: Engine) -> None:
    """Upgrade the schema to this code's version, in one transaction that other processes wait for.

    A newer schema is not changed. Raises ``StoreFailure`` when this code does not work with it.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    with engine.connect() as connection:
        if _is_current(connection, scripts):
            return
    with _UPGRADING, engine.execution_options(**UPGRADES).begin() as connection:
        if not _is_current(connection, scripts):
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            store_oldest_served(connection)


def current_revision(connection: Connection) -> str | None:
    """The last migration of the schema; None before the first."""
    return MigrationContext.configure(connection).get_current_revision()


def _is_current(connection: Connection, scripts: ScriptDirectory) -> bool:
    """There is nothing to upgrade."""
    current = current_revision(connection)
    if current in {None, *(script.revision for script in scripts.walk_revisions())}:
        return current == scripts.get_current_head()
    if is_served(connection):
        return True
    raise StoreFailure(
        "The database was upgraded by a newer version of this app, and was not changed.",
        f"Install a newer version of the app, or set {DATABASE_URL} to another database.",
    )
