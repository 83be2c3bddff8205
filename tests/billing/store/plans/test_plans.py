"""No statement of the store reads all of a table that grows."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr
from sqlalchemy import text

import billing.store
from billing.store.engine.database import Database
from billing.timings import DatabaseLimits
from tests.billing.store.plans.explain import STORE, recorded, scans
from tests.billing.store.plans.large_tables import COLUMNS, fill, without_triggers
from tests.billing.store.plans.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

GROWING = frozenset(COLUMNS)
# What may read all of a table, and why.
MAY_SCAN = {
    "access.tokens.every": "an admin looks at all tokens, which people create by hand",
    "sessions.rollups.differences": "compares all sessions, where somebody asks for it",
    "sessions.rollups.rebuild": "counts all sessions anew, where somebody asks for it",
    "requests.writes.trim": "counts in an index, up to the size of the log, and seldom",
    "reset.delete_everything": "everything is deleted",
    "stripe_objects.customers_with_several": "counts an index of all, twice a minute at most",
}
# What runs no statement, on SQLite or at all, or none that has a plan.
WITHOUT_PLANS = {
    *("committed.count", "committed.take", "leases.now"),
    *("sessions.search.texts.holding", "sessions.search.texts.holds"),
    "maintenance.indexes.rebuild_indexes",
}
# How many rows are read at the most: here a hundredth, as if the tables were so much larger.
BOUNDS = (
    *("COUNT_LIMIT", "COUNTED", "GRANTS_CHECKED", "PREFIX_LIMIT", "SCAN_LIMIT", "SCANNED_AT_ONCE"),
    *("FEW", "NEWER", "NEWEST", "SEARCH_LIMIT", "_AT_ONCE"),
)


@pytest.fixture
def small_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in modules():
        for name in BOUNDS:
            if hasattr(module, name):
                monkeypatch.setattr(module, name, getattr(module, name) // 100)


@pytest.mark.usefixtures("small_bounds")
def test_every_statement_reads_a_stretch_of_an_index(database_url: str) -> None:
    database = Database(SecretStr(database_url), DatabaseLimits(statement=300.0))
    engine = database.engine()
    try:
        with engine.begin() as connection:
            fill(connection)
            if engine.dialect.name == "postgresql":  # as it does by itself; SQLite does not
                connection.execute(text("ANALYZE"))
        with engine.connect() as connection:
            without_triggers(connection)
            with recorded(engine) as statements:
                walk(connection)
            connection.rollback()
            asked = {name for one in statements for name in one.functions}
            found = [
                (one.functions[0], step, one.text)
                for one in statements
                if one.functions[0] not in MAY_SCAN
                for step in scans(connection, one, GROWING)
            ]
    finally:
        database.close()
    assert functions() - asked <= WITHOUT_PLANS
    assert not found


def modules() -> Iterator[ModuleType]:
    """Those of the store that ask the database something."""
    for found in pkgutil.walk_packages(billing.store.__path__, STORE):
        if not found.name.startswith((f"{STORE}engine", f"{STORE}migrations")):
            yield importlib.import_module(found.name)


def functions() -> set[str]:
    """Those of a connection, that others may call."""
    return {
        f"{module.__name__.removeprefix(STORE)}.{name}"
        for module in modules()
        for name, one in vars(module).items()
        if inspect.isfunction(one)
        and one.__module__ == module.__name__
        and not name.startswith("_")
        and next(iter(inspect.signature(one).parameters), "") == "connection"
    }
