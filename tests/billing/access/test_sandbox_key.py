"""The key of an installation's sandbox, in its file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from billing.access.sandbox_key import load_sandbox_key
from billing.errors import StoreFailure

if TYPE_CHECKING:
    from pathlib import Path


def test_it_is_created_once_in_a_file_that_this_user_alone_can_read(tmp_path: Path) -> None:
    database = tmp_path / ".data/sandbox.sqlite3"
    key = load_sandbox_key(database)
    file = tmp_path / ".data/sandbox.key"
    assert file.read_text().strip() == key.get_secret_value()
    assert file.stat().st_mode & 0o777 == 0o600
    assert load_sandbox_key(database) == key
    assert load_sandbox_key(tmp_path / "other.sqlite3") != key
    assert len(key.get_secret_value()) > 30
    assert key.get_secret_value() not in repr(key)


def test_an_empty_file_is_filled(tmp_path: Path) -> None:
    (tmp_path / "sandbox.key").touch()
    assert load_sandbox_key(tmp_path / "sandbox.sqlite3").get_secret_value().startswith("sk_test_")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "sandbox.key").mkdir()
    with pytest.raises(StoreFailure, match=r"sandbox\.key: Is a directory"):
        load_sandbox_key(tmp_path / "sandbox.sqlite3")
