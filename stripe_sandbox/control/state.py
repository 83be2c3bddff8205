"""The state behind `GET /_control/state` and `POST /_control/reset`: counts of what the sandbox
holds, and the removal of what a shop's customers brought about."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.backend import Backend
from stripe_sandbox.faults import Faults, FaultSwitch
from stripe_sandbox.payments.subscriptions.retry_policy import SETTING as POLICY
from stripe_sandbox.request_log.log import RequestLog
from stripe_sandbox.resources.account import ID as ACCOUNT_ID
from stripe_sandbox.scheduling.simulated_clock import SimulatedClock
from stripe_sandbox.storage.tables import TABLES

SURVIVES_RESET = (
    *("billing_portal.configuration", "price", "product"),
    *("v2.core.event_destination", "webhook_endpoint"),
)
"""Kinds of objects that a reset leaves: a shop is configured with their ids."""

_EMPTIED_TABLES = (
    *("agenda", "deleted_objects", "deliveries", "delivery_attempts"),
    *("events", "idempotency_keys", "test_clock_jobs"),
)


class ControlState:
    """Reads the sandbox's state, and resets it."""

    def __init__(
        self, backend: Backend, clock: SimulatedClock, faults: FaultSwitch, requests: RequestLog
    ) -> None:
        self._backend = backend
        self._requests = requests
        self._clock = clock
        self._faults = faults

    def snapshot(self) -> dict[str, Any]:
        """The state as JSON values: the `account`'s id; the `clock`'s `now` in Unix seconds and
        the seconds that it is ahead; the `faults` that are on; `counts` of objects by kind, events
        included; `deliveries` that are waiting and that have failed for good."""
        return {
            "account": self._backend.database.setting(ACCOUNT_ID),
            "clock": {"now": self._clock.now(), "ahead_seconds": self._clock.ahead()},
            "faults": self._faults.current().to_json(),
            "counts": {
                **{kind: self._count(table.name) for kind, table in TABLES.items()},
                "event": self._count("events"),
            },
            "deliveries": {
                "waiting": self._count("deliveries WHERE state = 'pending'"),
                "failed": self._count("deliveries WHERE state = 'failed'"),
            },
        }

    def _count(self, source: str) -> int:
        row = self._backend.database.row(f"SELECT count(*) FROM {source}")  # noqa: S608  # the names are literals
        return 0 if row is None else int(row[0])

    def reset(self) -> None:
        """Remove all objects but those of `SURVIVES_RESET`, all events, deliveries, scheduled
        jobs, idempotency keys and logged requests; end all faults; set the clock back to the wall
        clock's time. The account's id stays."""
        database = self._backend.database
        names = [table.name for kind, table in TABLES.items() if kind not in SURVIVES_RESET]
        with database.transaction():
            for name in (*names, *_EMPTIED_TABLES):
                database.write(f"DELETE FROM {name}")  # noqa: S608  # the names are literals
            self._requests.clear()
            self._faults.set(Faults())
            database.set_setting(POLICY, None)
            self._clock.reset()
