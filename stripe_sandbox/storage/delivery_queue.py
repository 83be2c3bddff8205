"""Which events wait to be delivered to which endpoints."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from stripe_sandbox.storage.database import Database


class DeliveryState(StrEnum):
    """The state of a delivery; the values stand in the database's file."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class DeliveryQueue:
    """Every method but `on_add` runs in the caller's transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: list[Callable[[], None]] = []

    def on_add(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each commit that added something to deliver."""
        self._listeners.append(listener)

    def add(self, event: str, endpoint: str, due: float) -> None:
        """Have a new event delivered to the endpoint at `due`, in Unix seconds."""
        self._database.write(
            "INSERT INTO deliveries (event, endpoint, due) VALUES (?, ?, ?)", (event, endpoint, due)
        )
        self._announce()

    def add_again(self, event: str, endpoint: str, due: float) -> None:
        """The same for an event that is stored, whatever became of it there before."""
        former = self._database.row(
            "SELECT state FROM deliveries WHERE event = ? AND endpoint = ?", (event, endpoint)
        )
        if former is None or former[0] == DeliveryState.SUCCEEDED:
            self._database.write(
                "UPDATE events SET pending = pending + 1, delivered = 0 WHERE id = ?", (event,)
            )
        self._database.write(
            "INSERT INTO deliveries (event, endpoint, due) VALUES (?, ?, ?) ON CONFLICT "
            "(event, endpoint) DO UPDATE SET state = 'pending', due = excluded.due",
            (event, endpoint, due),
        )
        self._announce()

    def _announce(self) -> None:
        for listener in self._listeners:
            self._database.after_commit(listener)

    def mark_delivered(self, event: str) -> None:
        """Count one delivery of the event less as pending: its endpoint took it, or was deleted."""
        self._database.write(
            "UPDATE events SET pending = max(pending - 1, 0), "
            "delivered = NOT EXISTS (SELECT 1 FROM deliveries WHERE event = events.id "
            "AND state != 'succeeded') WHERE id = ?",
            (event,),
        )

    def remove_endpoint(self, endpoint: str) -> None:
        """Cancel the deliveries that wait for a deleted endpoint."""
        rows = self._database.rows(
            "SELECT seq, event FROM deliveries WHERE endpoint = ? AND state = 'pending'",
            (endpoint,),
        )
        for seq, event in rows:
            self._database.write("DELETE FROM delivery_attempts WHERE delivery = ?", (seq,))
            self._database.write("DELETE FROM deliveries WHERE seq = ?", (seq,))
            self.mark_delivered(event)

    def remove_before(self, created: int) -> None:
        """Remove the deliveries, with their attempts, of events created up to then."""
        self._database.write(
            "DELETE FROM delivery_attempts WHERE delivery IN (SELECT seq FROM deliveries WHERE "
            "event IN (SELECT id FROM events WHERE created <= ?))",
            (created,),
        )
        self._database.write(
            "DELETE FROM deliveries WHERE event IN (SELECT id FROM events WHERE created <= ?)",
            (created,),
        )
