"""Marks as ``slow`` what `make test-quick` leaves out: tests with a browser, another process, or a
second server: a shop is the product in front of a sandbox of its own, and pages are drawn on one.

A test shows it by the fixtures that it uses, or by what its module imports.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

FIXTURES = frozenset(("browser", "postgres", "shop"))
ENGINES = frozenset(("postgresql",))  # of fixtures that run a test on each
STARTERS = frozenset(
    (
        "multiprocessing",
        "subprocess",
        "tests.support.browsers.pages",
        "tests.support.servers.processes.billing_process",
        "tests.support.servers.dashboard",
        "tests.support.servers.processes.forking",
        "tests.support.servers.processes.killing",
        "tests.support.older_sdk.runs",
        "tests.support.servers.processes.rolling",
        "tests.support.nginx",
        "tests.support.pgbouncer",
        "tests.support.database.postgres",
        "tests.support.servers.stand_ins.proxy",
    )
)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: needs a browser, a second server or another process")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and (_uses(item) or starts_processes(item.module)):
            item.add_marker("slow")


def _uses(item: pytest.Function) -> bool:
    if not FIXTURES.isdisjoint(item.fixturenames):
        return True
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return any(isinstance(value, str) and value in ENGINES for value in parameters)


@cache
def starts_processes(module: ModuleType) -> bool:
    """Something that starts processes, or draws pages, is imported into it."""
    return any(
        name in STARTERS
        for value in vars(module).values()
        for name in (getattr(value, "__module__", None), getattr(value, "__name__", None))
        if isinstance(name, str)
    )
