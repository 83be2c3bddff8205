"""The schema's version, and upgrading it."""

from __future__ import annotations

import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from billing.errors import StoreFailure
from billing.settings.model import DATABASE_URL
from billing.store.engine.engines import UPGRADES
from billing.store.engine.releases import is_served, store_oldest_served

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

MIGRATIONS = Path(__file__).parents[1] / "migrations"
_REVISION = text("SELECT version_num FROM alembic_version")
_UPGRADING = threading.Lock()  # Alembic works on one connection of a process at a time


def upgrade(engine: Engine) -> None:
    """Upgrade the schema to this code's version, in one transaction that other processes wait for.

    A newer schema is not changed. Raises ``StoreFailure`` when this code does not work with it.
    """
    with engine.connect() as connection:
        if _is_current(connection):
            return
    # Alembic takes 9 MiB and a fifth of a start, which a schema that is current does not need.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with _UPGRADING, engine.execution_options(**UPGRADES).begin() as connection:
        if not _is_current(connection):
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            store_oldest_served(connection)


def current_revision(connection: Connection) -> str | None:
    """The last migration of the schema; None before the first."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(_REVISION)
    return revision


@cache
def known_revisions() -> frozenset[str]:
    """The migrations that this release has: their files begin with them, the newest's with the
    greatest."""
    return frozenset(path.name.partition("_")[0] for path in MIGRATIONS.glob("versions/*_*.py"))


def _is_current(connection: Connection) -> bool:
    """There is nothing to upgrade."""
    current = current_revision(connection)
    if current in {None, *known_revisions()}:
        return current == max(known_revisions())
    if is_served(connection):
        return True
    raise StoreFailure(
        "The database was upgraded by a newer version of this app, and was not changed.",
        f"Install a newer version of the app, or set {DATABASE_URL} to another database.",
    )
