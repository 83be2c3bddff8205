"""Idempotency keys (https://docs.stripe.com/api/idempotent_requests)."""

from __future__ import annotations

from dataclasses import dataclass

from stripe_sandbox.clock import Clock
from stripe_sandbox.errors import StripeError
from stripe_sandbox.storage.database import Database

RETENTION_SECONDS = 24 * 3600
MAXIMUM_LENGTH = 255


@dataclass(frozen=True)
class SavedAnswer:
    """The first answer under a key: `request` is the id of the request that got it."""

    status: int
    body: str
    request: str


class IdempotencyKeys:
    """Stores the first answer under each key, and replays it for a day."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._in_flight: set[str] = set()

    def claim(self, key: str, path: str, parameters: str) -> SavedAnswer | None:
        """Begin a request under the key; `parameters` is their digest. Returns the saved answer;
        with None the key is in flight until `release`. StripeError: the key is too long or in
        flight, or was first used with another path or other parameters."""
        if len(key) > MAXIMUM_LENGTH:
            raise StripeError(
                f"Idempotency key is too long. It can be at most {MAXIMUM_LENGTH} characters.",
                before_execution=True,
            )
        if key in self._in_flight:
            raise StripeError(
                "There is currently another in-progress request using this Idempotent Key (that "
                "probably means you submitted twice, and the other request is still going "
                f"through): {key}. Please try again later.",
                status=409,
                type="idempotency_error",
                code="idempotency_key_in_use",
                before_execution=True,
            )
        row = self._database.row(
            "SELECT path, parameters, status, body, request FROM idempotency_keys "
            "WHERE key = ? AND created > ?",
            (key, self._clock.now() - RETENTION_SECONDS),
        )
        if row is not None:
            if row[0] != path:
                raise self._conflict(
                    "Keys for idempotent requests can only be used for the same endpoint they "
                    f"were first used for ('{row[0]}' vs '{path}'). Try using a key other than "
                    f"'{key}' if you meant to execute a different request."
                )
            if row[1] != parameters:
                raise self._conflict(
                    "Keys for idempotent requests can only be used with the same parameters they "
                    f"were first used with. Try using a key other than '{key}' if you meant to "
                    "execute a different request."
                )
            return SavedAnswer(row[2], row[3], row[4])
        self._in_flight.add(key)
        return None

    def _conflict(self, message: str) -> StripeError:
        return StripeError(message, type="idempotency_error", before_execution=True)

    def save(self, key: str, path: str, parameters: str, answer: SavedAnswer) -> None:
        """Store the answer of the request that claimed the key."""
        self._database.write(
            "INSERT OR REPLACE INTO idempotency_keys VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                key,
                self._clock.now(),
                path,
                parameters,
                answer.status,
                answer.body,
                answer.request,
            ),
        )

    def release(self, key: str) -> None:
        """End the claim of the key."""
        self._in_flight.discard(key)

    def purge_old(self) -> None:
        """Remove keys older than a day."""
        self._database.write(
            "DELETE FROM idempotency_keys WHERE created <= ?",
            (self._clock.now() - RETENTION_SECONDS,),
        )
