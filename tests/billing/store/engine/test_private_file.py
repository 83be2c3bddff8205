"""Database files, the product's and the sandbox's, are for the user who runs them alone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from billing.store.engine.database import Database
from billing.timings import DatabaseLimits
from stripe_sandbox.sandbox import Sandbox, SandboxConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def product(path: Path) -> None:
    database = Database(SecretStr(f"sqlite:///{path}"), DatabaseLimits())
    with database.engine().connect():
        check(path)
    database.close()


def sandbox(path: Path) -> None:
    opened = Sandbox(SandboxConfig(database=path))
    check(path)
    opened.close()


def check(path: Path) -> None:
    """Looked at while it is open, when SQLite's other files are there too."""
    modes = {file.name: mode(file) for file in path.parent.iterdir()}
    assert {f"{path.name}{suffix}" for suffix in ("", "-wal", "-shm")} <= set(modes)
    assert set(modes.values()) == {0o600}, modes


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.fixture(autouse=True)
def generous_umask() -> Iterator[None]:
    before = os.umask(0o000)
    yield
    os.umask(before)


@pytest.mark.parametrize("opened", [product, sandbox])
def test_a_new_file_and_its_folder_are_private(
    tmp_path: Path, opened: Callable[[Path], None]
) -> None:
    opened(tmp_path / ".data/database.sqlite3")
    assert mode(tmp_path / ".data") == 0o700


@pytest.mark.parametrize("opened", [product, sandbox])
def test_files_of_an_older_version_are_closed_to_others(
    tmp_path: Path, opened: Callable[[Path], None]
) -> None:
    folder = tmp_path / ".data"
    folder.mkdir(mode=0o755)
    for suffix in ("", "-wal", "-shm"):
        (folder / f"database.sqlite3{suffix}").touch(mode=0o644)
    opened(folder / "database.sqlite3")
    assert mode(folder) == 0o700


@pytest.mark.parametrize("opened", [product, sandbox])
def test_a_folder_that_is_not_the_apps_own_stays_as_it_was(
    tmp_path: Path, opened: Callable[[Path], None]
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o755)
    opened(shared / "database.sqlite3")
    assert mode(shared) == 0o755
