"""What is in the sandbox, and how to empty it."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.backend import Backend
from stripe_sandbox.faults import Faults, FaultSwitch
from stripe_sandbox.resources.account import ID as ACCOUNT_ID
from stripe_sandbox.scheduling.simulated_clock import SimulatedClock
from stripe_sandbox.storage.tables import TABLES

KEPT = ("price", "product", "webhook_endpoint")
"""Kinds of objects that a reset leaves: the shop's own furniture."""

_EMPTIED = ("agenda", "deliveries", "events", "idempotency_keys")


class ControlState:
    """Shows the sandbox's state, and resets it."""

    def __init__(self, backend: Backend, clock: SimulatedClock, faults: FaultSwitch) -> None:
        self._backend = backend
        self._clock = clock
        self._faults = faults

    def value(self) -> dict[str, Any]:
        """The account, the clock, the faults, how many objects of each kind, and deliveries."""
        database = self._backend.database
        deliveries = {"waiting": 0, "failed": 0}
        for state, name in (("pending", "waiting"), ("failed", "failed")):
            deliveries[name] = self._count("deliveries WHERE state = ?", state)
        return {
            "account": database.setting(ACCOUNT_ID),
            "clock": {"now": self._clock.now(), "ahead_seconds": self._clock.ahead()},
            "faults": self._faults.current().value(),
            "counts": {
                **{kind: self._count(table.name) for kind, table in TABLES.items()},
                "event": self._count("events"),
            },
            "deliveries": deliveries,
        }

    def _count(self, source: str, *values: str) -> int:
        row = self._backend.database.row(f"SELECT count(*) FROM {source}", values)  # noqa: S608  # the names are literals
        return 0 if row is None else int(row[0])

    def reset(self) -> None:
        """Remove all that happened; the account, Products, Prices and webhook endpoints stay."""
        database = self._backend.database
        names = [table.name for kind, table in TABLES.items() if kind not in KEPT]
        with database.transaction():
            for name in (*names, *_EMPTIED):
                database.write(f"DELETE FROM {name}")  # noqa: S608  # the names are literals
            self._faults.set(Faults())
            self._clock.reset()
