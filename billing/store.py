"""The only room that touches the database. https://docs.sqlalchemy.org/en/21/core/"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from billing.errors import BillingError, NotConfigured
from billing.settings import DATABASE_URL

if TYPE_CHECKING:
    from pydantic import SecretStr
    from sqlalchemy import Engine


class Store:
    """The product's memory, in SQLite or PostgreSQL. Nothing connects before the first use."""

    def __init__(self, url: SecretStr) -> None:
        self._url = url
        self._engine: Engine | None = None

    def ping(self) -> str:
        """The database's kind (``sqlite``, ``postgresql``), once it has answered.

        Raises ``BillingError`` when it does not, or when ``DATABASE_URL`` is malformed.
        """
        engine = self._connected()
        try:
            with engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except SQLAlchemyError:
            # The driver's own words may hold the URL, and that a password.
            raise BillingError(
                "The database does not answer.", f"Check {DATABASE_URL} and the server behind it."
            ) from None
        return engine.dialect.name

    def close(self) -> None:
        """Let the connections go."""
        if self._engine is not None:
            self._engine.dispose()

    def _connected(self) -> Engine:
        if self._engine is None:
            try:
                url = make_url(self._url.get_secret_value())
                if url.get_backend_name() == "sqlite" and url.database not in (
                    None,
                    "",
                    ":memory:",
                ):
                    Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
                self._engine = create_engine(url)
            except (ArgumentError, ImportError, SQLAlchemyError, OSError):
                raise NotConfigured(
                    DATABASE_URL,
                    f"{DATABASE_URL} cannot be used.",
                    "Write it like postgresql+psycopg://user:password@host/name, or unset it.",
                ) from None
        return self._engine
