"""Databases that have no schema yet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.database.databases import fresh_database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.database.postgres import Postgres


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Here a file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'store.sqlite3'}"


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """Here a database without a schema."""
    with fresh_database(postgres) as url:
        yield url
