"""What became of deliveries: each with its attempts, and what comes next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any

from stripe_sandbox.backend import Backend
from stripe_sandbox.event_log import is_thin_only
from stripe_sandbox.resources.core.thin_events import stored_id
from stripe_sandbox.storage.delivery_queue import DeliveryState
from stripe_sandbox.storage.objects import Object
from stripe_sandbox.webhooks.attempts import Attempts

ENDPOINT_KINDS = ("webhook_endpoint", "v2.core.event_destination")

_COLUMNS = (
    "SELECT d.seq, d.event, d.endpoint, d.attempts, d.due, d.state, d.error, e.type, e.created "
    "FROM deliveries d JOIN events e ON e.id = d.event "
)


class Next(StrEnum):
    """What comes next of a delivery."""

    NONE = "none"
    ATTEMPT = "attempt"
    GIVEN_UP = "given_up"
    DISABLED = "disabled"
    DELETED = "deleted"


class DeliveryHistory:
    """Reads deliveries. Times are Unix seconds by the sandbox's clock."""

    def __init__(self, backend: Backend, attempts: Attempts) -> None:
        self._backend = backend
        self._attempts = attempts

    def of_events(self, ids: Iterable[str]) -> list[Object]:
        """The deliveries of these events, thin ones' ids too, in their order."""
        names = [name for one in ids for name in (*stored_id(one), one)]
        marks = ", ".join("?" * len(names))
        return self._shown(f"{_COLUMNS} WHERE d.event IN ({marks}) ORDER BY d.seq", names)

    def of_endpoint(self, endpoint: str, limit: int) -> list[Object]:
        """The newest deliveries of an endpoint, the newest first."""
        query = f"{_COLUMNS} WHERE d.endpoint = ? ORDER BY d.seq DESC LIMIT ?"
        return self._shown(query, (endpoint, limit))

    def failed_since(self, since: float, endpoint: str | None, limit: int) -> list[Object]:
        """The deliveries of which an attempt failed since then and none succeeded, the oldest
        first; those of one endpoint, or of any."""
        found = self.failed_ids(since, endpoint)[:limit]
        marks = ", ".join("?" * len(found))
        return self._shown(f"{_COLUMNS} WHERE d.seq IN ({marks}) ORDER BY d.seq", found)

    def failed_ids(self, since: float, endpoint: str | None = None) -> list[int]:
        """Their places in the queue."""
        endpoints = [endpoint] if endpoint else [one["id"] for one in self.endpoints()]
        return sorted(
            seq
            for one in endpoints
            for (seq,) in self._backend.database.rows(
                "SELECT seq FROM deliveries WHERE state != 'succeeded' AND seq IN (SELECT delivery "
                "FROM delivery_attempts WHERE endpoint = ? AND failed = 1 AND at >= ?)",
                (one, since),
            )
        )

    def endpoints(self) -> list[Object]:
        """All endpoints, snapshot and thin."""
        objects = self._backend.objects
        return [
            found
            for kind in ENDPOINT_KINDS
            for identifier in objects.ids(kind, "TRUE", ())
            if (found := objects.get(kind, identifier))
        ]

    def endpoint(self, identifier: str) -> Object | None:
        """The endpoint of that id, snapshot or thin; None: there is none."""
        objects = self._backend.objects
        return next(filter(None, (objects.get(kind, identifier) for kind in ENDPOINT_KINDS)), None)

    def _shown(self, query: str, values: Sequence[Any]) -> list[Object]:
        rows = self._backend.database.rows(query, values)
        attempts = self._attempts.of(row[0] for row in rows)
        endpoints = {row[2]: self.endpoint(row[2]) for row in rows}
        return [self._delivery(row, endpoints[row[2]], attempts.get(row[0], [])) for row in rows]

    def _delivery(
        self, row: tuple[Any, ...], endpoint: Object | None, attempts: list[Object]
    ) -> Object:
        _, event, endpoint_id, number, due, state, error, event_type, created = row
        thin = is_thin_only(event_type) or (endpoint or {}).get("event_payload") == "thin"
        return {
            "event": event,
            "event_type": event_type,
            "event_created": created,
            "endpoint": endpoint_id,
            "url": endpoint and endpoint["url"],
            "payload": "thin" if thin else "snapshot",
            "state": state,
            "attempts_made": number,
            "error": error,
            "next": _next(state, due, endpoint),
            "attempts": attempts,
        }


def _next(state: str, due: float | None, endpoint: Object | None) -> Object:
    if state == DeliveryState.SUCCEEDED:
        return {"action": Next.NONE, "at": None}
    if endpoint is None:
        return {"action": Next.DELETED, "at": None}
    if endpoint["status"] != "enabled":
        return {"action": Next.DISABLED, "at": None}
    if state == DeliveryState.PENDING:
        return {"action": Next.ATTEMPT, "at": due}
    return {"action": Next.GIVEN_UP, "at": None}
