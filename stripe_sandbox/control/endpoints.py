"""What Stripe's Dashboard shows and does of webhook endpoints and event destinations, and its API
does not: how their deliveries go, and rolling a signing secret."""

from __future__ import annotations

from typing import Any

from stripe_sandbox import errors
from stripe_sandbox.backend import Backend
from stripe_sandbox.control.fields import JsonFields
from stripe_sandbox.resources.signing_secrets import former_valid_until, with_new_secret
from stripe_sandbox.storage.objects import Object

LONGEST_VALID = 86_400.0
"""Seconds that a former secret is valid at most, as in Stripe's Dashboard."""

_KINDS = ("webhook_endpoint", "v2.core.event_destination")
_UNDELIVERED = "deliveries WHERE endpoint = ? AND state != 'succeeded'"


class ControlEndpoints:
    """Reads how deliveries to each endpoint go, and rolls secrets."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def show(self) -> dict[str, Any]:
        """By id of the endpoint: deliveries that are `waiting` and `failed` for good;
        `former_secret_until` while a rolled secret is valid; and where the newest deliveries fail,
        `failing_since` (when the first of them was due), the `status` and `error` of the last, and
        when the `next_attempt` is due. Times are Unix seconds of the sandbox's clock."""
        objects = self._backend.objects
        return {
            "endpoints": {
                identifier: self._one(kind, identifier)
                for kind in _KINDS
                for identifier in objects.ids(kind, "TRUE", ())
            }
        }

    def roll(self, identifier: str, fields: JsonFields) -> dict[str, Any]:
        """Give the endpoint another secret, which is returned; the former one is valid for
        `former_valid_seconds` yet. StripeError: there is no such endpoint."""
        seconds = fields.number("former_valid_seconds", 0.0, 0, LONGEST_VALID)
        fields.reject_unknown()
        backend = self._backend
        with backend.database.transaction():
            kind = next((one for one in _KINDS if backend.objects.get(one, identifier)), None)
            if kind is None:
                raise errors.no_such("webhook endpoint", identifier, "id", 404)
            now = backend.clock.account_time()
            hidden, secret = with_new_secret(backend.objects.hidden(kind, identifier), now, seconds)
            backend.objects.save_hidden(kind, identifier, hidden)
        return {
            "id": identifier,
            "secret": secret,
            "former_secret_until": former_valid_until(hidden, now),
        }

    def _one(self, kind: str, identifier: str) -> Object:
        backend = self._backend
        states: dict[str, int] = dict(
            backend.database.rows(
                f"SELECT state, count(*) FROM {_UNDELIVERED} GROUP BY state",  # noqa: S608  # a literal
                (identifier,),
            )
        )
        hidden, now = backend.objects.hidden(kind, identifier), backend.clock.account_time()
        return {
            "waiting": states.get("pending", 0),
            "failed": states.get("failed", 0),
            "former_secret_until": former_valid_until(hidden, now),
            **(self._failing(identifier) if states else {}),
        }

    def _failing(self, identifier: str) -> Object:
        """Since when and why the deliveries fail that are newer than the last that succeeded."""
        database = self._backend.database
        last = database.row(
            "SELECT seq FROM deliveries WHERE endpoint = ? AND state = 'succeeded' "
            "ORDER BY seq DESC LIMIT 1",
            (identifier,),
        )
        rows = database.rows(
            "SELECT e.created, d.status, d.error FROM deliveries d JOIN events e ON e.id = d.event "
            "WHERE d.endpoint = ? AND d.seq > ? AND d.state != 'succeeded' AND d.attempts > 0 "
            "ORDER BY d.seq",
            (identifier, last[0] if last else 0),
        )
        if not rows:
            return {}
        due = database.row(
            "SELECT min(due) FROM deliveries WHERE endpoint = ? AND state = 'pending'",
            (identifier,),
        )
        _, status, error = rows[-1]
        return {
            "failing_since": rows[0][0],
            "status": status,
            "error": error,
            "next_attempt": due[0] if due else None,
        }
