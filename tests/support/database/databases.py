"""A fresh database for a test, on the engines that the product runs on.

Tests of the store and of outages run on each engine. What is above the store knows no engine: each
of its tests runs on one, half of them on either, unless ``--both-engines`` is given.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from zlib import crc32

import pytest
from pydantic import SecretStr

from billing.store import Store
from tests.support.database.postgres import Postgres
from tests.support.database.schema import make_schema, sqlite_template

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ENGINES = ("sqlite", "postgresql")
ON_EACH = ("tests/billing/store/", "tests/resilience/")


def pytest_addoption(parser: pytest.Parser) -> None:
    """For what was changed in many places."""
    parser.addoption(
        "--both-engines", action="store_true", help="every test of a database on both engines"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out a test on one engine that runs on the other."""
    if config.getoption("--both-engines"):
        return
    others = [item for item in items if _is_of_the_other_engine(item)]
    if others:
        config.hook.pytest_deselected(items=others)
        left_out = set(others)
        items[:] = [item for item in items if item not in left_out]


def _is_of_the_other_engine(item: pytest.Item) -> bool:
    call = getattr(item, "callspec", None)
    engine = call.params.get("database_url") if call else None
    if engine is None or item.nodeid.startswith(ON_EACH):
        return False
    name, bracket, parameters = item.nodeid.partition("[")
    of_both = f"{name}{bracket}{parameters.replace(engine, '')}"
    return bool(engine != ENGINES[crc32(of_both.encode()) % len(ENGINES)])


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The event loop of tests that are coroutines."""
    return "asyncio"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One PostgreSQL for the whole session, started when a test first asks for it."""
    server = Postgres()
    try:
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres) -> str:
    """The name of a database with the current schema and no rows, to be copied."""
    name = postgres.create_database()
    make_schema(postgres.url(name))
    return name


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite file with the current schema and no rows."""
    file = tmp_path / "store.sqlite3"
    file.write_bytes(sqlite_template())
    return f"sqlite:///{file}"


@pytest.fixture
def postgres_url(postgres: Postgres, postgres_template: str) -> Iterator[str]:
    """A database with the current schema and no rows on the PostgreSQL of the session."""
    with fresh_database(postgres, postgres_template) as url:
        yield url


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest) -> str:
    """A database with the current schema and no rows, on the engines that the module names."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    return str(request.getfixturevalue(name))


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A store without rows, on the same engines."""
    with store_on(database_url) as opened:
        yield opened


@contextmanager
def fresh_database(postgres: Postgres, template: str = "template1") -> Iterator[str]:
    """The URL of a copy of ``template``, by default an empty one, which is gone afterwards."""
    name = postgres.create_database(template)
    try:
        yield postgres.url(name)
    finally:
        postgres.drop_database(name)


@contextmanager
def store_on(url: str) -> Iterator[Store]:
    """A store that is closed when the block is left."""
    opened = Store(SecretStr(url))
    try:
        yield opened
    finally:
        opened.close()
