"""The database: connecting to it, its schema upgraded first."""

from __future__ import annotations

import threading
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from billing.errors import NotConfigured, StoreFailure
from billing.settings.model import DATABASE_URL
from billing.store.engine.engines import postgresql_engine, sqlite_engine, sqlite_file
from billing.store.engine.failures import store_failure
from billing.store.engine.schema import upgrade

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from pydantic import SecretStr
    from sqlalchemy import Engine

    from billing.timings import DatabaseLimits


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

    @property
    def is_shared(self) -> bool:
        """Other processes may work with it at the same time."""
        with suppress(SQLAlchemyError):
            return make_url(self._url.get_secret_value()).get_backend_name() == "postgresql"
        return False

    @asynccontextmanager
    async def listening(self, channel: str) -> AsyncIterator[AsyncIterator[str] | None]:
        """What is notified on a channel of PostgreSQL, as ``notifications.listening`` has it.
        Raises ``StoreFailure`` when the connection fails."""
        from billing.store.engine import notifications  # PostgreSQL's driver, where it is in use

        try:
            url = make_url(self._url.get_secret_value())
            async with notifications.listening(url, self._limits, channel) as heard:
                yield heard
        except (notifications.Error, SQLAlchemyError) as error:
            raise self.failure(error) from None

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
