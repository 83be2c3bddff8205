"""What every test would make anew and is the same each time, made once."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.util import LRUCache

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.config import Config
    from sqlalchemy import Dialect

STATEMENTS = 2_000


@pytest.fixture(scope="session", autouse=True)
def migrations_are_read_once() -> Iterator[None]:
    """Each database that is opened reads all of them."""

    read = cache(ScriptDirectory)

    def from_config(config: Config) -> ScriptDirectory:
        return read(config.get_main_option("script_location") or "")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ScriptDirectory, "from_config", from_config)
        yield


@pytest.fixture(scope="session", autouse=True)
def statements_are_compiled_once() -> Iterator[None]:
    """Each engine compiles its own, and each test has an engine: it takes longer than to ask."""
    compile_with_cache = ClauseElement._compile_w_cache
    statements: LRUCache[Any, Any] = LRUCache(STATEMENTS)
    dialects: dict[object, Dialect] = {}

    def compile_once(
        statement: ClauseElement, dialect: Dialect, *, compiled_cache: Any, **how: Any
    ) -> Any:
        if compiled_cache is not None:
            compiled_cache = statements
            dialect = dialects.setdefault((type(dialect), dialect.server_version_info), dialect)
        return compile_with_cache(statement, dialect, compiled_cache=compiled_cache, **how)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClauseElement, "_compile_w_cache", compile_once)
        yield
