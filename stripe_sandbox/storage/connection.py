"""Opens the sandbox's SQLite file."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from stripe_sandbox.storage.private_file import make_private
from stripe_sandbox.storage.schema import SQL_FUNCTIONS
from stripe_sandbox.storage.unusable import UnusableDatabaseError

if TYPE_CHECKING:
    from pathlib import Path


def connected(path: Path | None) -> sqlite3.Connection:
    """A connection to the file, for any thread; None: to a database in memory.
    UnusableDatabaseError: it cannot be opened."""
    try:
        if path is not None:
            make_private(path)
        connection = sqlite3.connect(
            path or ":memory:",
            isolation_level=None,
            check_same_thread=False,
            timeout=10.0,
            cached_statements=512,
        )
    except (OSError, sqlite3.Error) as error:
        raise UnusableDatabaseError(
            f"The sandbox's database {path} cannot be opened: {error}. Its folder must "
            "exist and be writable for the user that runs the sandbox."
        ) from error
    for function in SQL_FUNCTIONS:
        connection.create_function(function.__name__, 1, function, deterministic=True)
    return connection
