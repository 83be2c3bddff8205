"""A lease: of the processes that share a database, one at a time holds it."""

from __future__ import annotations

import contextlib
import sqlite3

from stripe_sandbox.clock import Clock
from stripe_sandbox.ids import random_text
from stripe_sandbox.storage.database import Database

LEASE_SECONDS = 10.0
"""How long the others wait for a process that was killed."""


class Lease:
    """The lease of that name; a database that is not shared needs none."""

    def __init__(self, database: Database, clock: Clock, name: str) -> None:
        self._database = database
        self._clock = clock
        self._name = name
        self._holder = random_text(16)
        self._until = 0.0

    def hold(self) -> bool:
        """Take the lease or renew it. False: another process has it."""
        if not self._database.shared:
            return True
        now = self._clock.wall()
        if LEASE_SECONDS / 2 < self._until - now <= LEASE_SECONDS:
            return True
        with self._database.transaction():
            row = self._database.row(
                "SELECT holder, until FROM leases WHERE name = ?", (self._name,)
            )
            # A time too far away was written before somebody set the computer's clock back.
            if row is not None and row[0] != self._holder and now < row[1] <= now + LEASE_SECONDS:
                self._until = 0.0
                return False
            self._until = now + LEASE_SECONDS
            self._database.write(
                "INSERT OR REPLACE INTO leases VALUES (?, ?, ?)",
                (self._name, self._holder, self._until),
            )
        return True

    def release(self) -> None:
        """Let another process have it at once."""
        self._until = 0.0
        with contextlib.suppress(sqlite3.Error):  # a lost database: the lease runs out by itself
            self._database.write(
                "DELETE FROM leases WHERE name = ? AND holder = ?", (self._name, self._holder)
            )
