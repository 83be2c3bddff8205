"""One running app for a SQLite file: two would move each other's links and webhook endpoint.

The lock is the operating system's, so it ends with the process, however that ends.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ADDRESS_LENGTH = 1_000


class AlreadyInUse(RuntimeError):
    """Another running app uses the file; the message names its ``address`` and what to do."""

    def __init__(self, database: Path, address: str) -> None:
        super().__init__(
            f"{database} is in use by another dashboard, at {address or 'another address'}. "
            "Stop that one, or start this one from another folder. Several dashboards can "
            "share a PostgreSQL (DATABASE_URL), with a Stripe key set."
        )
        self.address = address


def running_at(database: Path) -> str | None:
    """Where the app runs that uses this database file; None where none does."""
    if sys.platform == "win32":
        return None
    try:
        with instance_lock(database, ""):
            return None
    except AlreadyInUse as held:
        return held.address


@contextmanager
def instance_lock(database: Path, address: str) -> Iterator[None]:
    """Hold the lock of a database file while the block runs; ``address`` is where this app runs.

    Raises ``AlreadyInUse`` when another process holds it. In a folder that cannot be written or
    has no locks nothing is locked: opening the database there says what is wrong.
    """
    if sys.platform == "win32":  # has no such locks
        yield
        return
    import fcntl

    path = database.with_name(f"{database.name}.lock")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        yield
        return
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(file, ADDRESS_LENGTH).decode(errors="replace").strip()
            raise AlreadyInUse(database, holder) from None
        except OSError:
            pass
        with suppress(OSError):
            os.ftruncate(file, 0)
            os.write(file, address.encode())
        yield
    finally:
        os.close(file)
