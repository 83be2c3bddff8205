"""Works on a database past the store, and with its migrations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine

from billing.store.engine.schema import MIGRATIONS

if TYPE_CHECKING:
    from collections.abc import Callable


def on(url: str, work: Callable[[Connection], object]) -> None:
    """Work on a database past the store."""
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            work(connection)
    finally:
        engine.dispose()


def alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


HEAD = ScriptDirectory.from_config(alembic()).get_current_head()
