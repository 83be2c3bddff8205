"""What Stripe's Dashboard shows and does of webhook endpoints and event destinations, and its API
does not: how their deliveries go, and rolling a signing secret."""

from __future__ import annotations

from typing import Any

from stripe_sandbox import errors
from stripe_sandbox.backend import Backend
from stripe_sandbox.control.fields import JsonFields
from stripe_sandbox.resources.signing_secrets import former_valid_until, with_new_secret
from stripe_sandbox.storage.objects import Object
from stripe_sandbox.webhooks.history import ENDPOINT_KINDS

LONGEST_VALID = 86_400.0
"""Seconds that a former secret is valid at most, as in Stripe's Dashboard."""

_WAITING = "SELECT count(*) FROM deliveries WHERE endpoint = ? AND state = 'pending'"
_FAILED = (  # by the few attempts that failed, not by all deliveries
    "SELECT count(DISTINCT d.seq) FROM delivery_attempts a JOIN deliveries d ON d.seq = a.delivery "
    "WHERE a.endpoint = ? AND a.failed = 1 AND d.state = 'failed'"
)


class ControlEndpoints:
    """Reads how deliveries to each endpoint go, and rolls secrets."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def show(self) -> dict[str, Any]:
        """By id of the endpoint: deliveries that are `waiting` and `failed` for good;
        `former_secret_until` while a rolled secret is valid; and where the newest attempts fail,
        `failing_since`, the `status` and `error` of the last, and when the `next_attempt` is due.
        Times are Unix seconds of the sandbox's clock."""
        objects = self._backend.objects
        return {
            "endpoints": {
                identifier: self._one(kind, identifier)
                for kind in ENDPOINT_KINDS
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
            kind = next(
                (one for one in ENDPOINT_KINDS if backend.objects.get(one, identifier)), None
            )
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
        hidden, now = backend.objects.hidden(kind, identifier), backend.clock.account_time()
        return {
            "waiting": self._count(_WAITING, identifier),
            "failed": self._count(_FAILED, identifier),
            "former_secret_until": former_valid_until(hidden, now),
            **self._failing(identifier),
        }

    def _count(self, query: str, identifier: str) -> int:
        row = self._backend.database.row(query, (identifier,))
        return int(row[0]) if row else 0

    def _failing(self, identifier: str) -> Object:
        """Since when and why all attempts fail; nothing once one has succeeded."""
        database = self._backend.database
        last = "SELECT max(at) FROM delivery_attempts WHERE endpoint = ? AND failed = 0"
        attempts = (
            "FROM delivery_attempts WHERE endpoint = ? AND failed = 1 "
            f"AND at > coalesce(({last}), 0)"
        )
        failure = database.row(
            f"SELECT status, error {attempts} ORDER BY at DESC LIMIT 1",
            (identifier, identifier),
        )
        since = database.row(f"SELECT min(at) {attempts}", (identifier, identifier))
        if failure is None or since is None:
            return {}
        due = database.row(
            "SELECT min(due) FROM deliveries WHERE endpoint = ? AND state = 'pending'",
            (identifier,),
        )
        return {
            "failing_since": since[0],
            "status": failure[0],
            "error": failure[1],
            "next_attempt": due[0] if due else None,
        }
