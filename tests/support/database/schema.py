"""The current schema, made once and then copied: migrating takes longer than most tests."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import SecretStr

from billing.store.engine.database import Database
from billing.timings import DatabaseLimits


@cache
def sqlite_template() -> bytes:
    """The file of a database with the current schema and no rows."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "template.sqlite3"
        make_schema(f"sqlite:///{file}")
        return file.read_bytes()


def make_schema(url: str) -> None:
    """Give an empty database the current schema."""
    database = Database(SecretStr(url), DatabaseLimits())
    try:
        database.engine()
    finally:
        database.close()
