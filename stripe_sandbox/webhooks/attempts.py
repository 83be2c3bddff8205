"""The attempts to deliver events: each with what the endpoint answered, without secrets."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from stripe_sandbox.request_log.redaction import REDACTED, redacted_text
from stripe_sandbox.storage.database import Database
from stripe_sandbox.storage.json_text import dump, load
from stripe_sandbox.storage.objects import Object

BODY_LIMIT = 4 << 10
HEADERS_LIMIT = 50
VALUE_LIMIT = 500
ATTEMPTS_LIMIT = 30
"""How many attempts of one delivery are stored: the newest."""

_SECRET_NAME = re.compile(r"auth|cookie|key|secret|signature|token", re.IGNORECASE)
_SIGNATURE = re.compile(r"\bv[01]=[0-9a-f]{64}\b")


@dataclass(frozen=True)
class Answer:
    """What came of one post: the endpoint's `status`, or the `error` in words why there is none;
    its `headers` and the beginning of its `body`; the `seconds` that it took."""

    status: int | None = None
    error: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0

    @property
    def succeeded(self) -> bool:
        """Whether the endpoint took the event: only 2xx says so."""
        return self.error is None and self.status is not None and 200 <= self.status < 300


def redacted(text: str) -> str:
    """The text without secrets, numbers of cards and signatures."""
    return _SIGNATURE.sub(REDACTED, redacted_text(text))


def stored_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """What is stored of an answer's headers: none whose name says that it holds a secret."""
    named = [(name, value) for name, value in headers.items() if not _SECRET_NAME.search(name)]
    return {name: redacted(value[:VALUE_LIMIT]) for name, value in named[:HEADERS_LIMIT]}


class Attempts:
    """Stores attempts, and reads them. They go with their delivery."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, delivery: int, endpoint: str, number: int, at: float, answers: Iterable[Answer]
    ) -> None:
        """Store the attempt of that number, in Unix seconds by the sandbox's clock; an event that
        was sent several times at once has several `answers`."""
        for answer in answers:
            self._database.write(
                "INSERT INTO delivery_attempts (delivery, endpoint, number, at, seconds, failed, "
                "status, error, headers, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(delivery, endpoint, number, at, answer.seconds),
                    *(not answer.succeeded, answer.status),
                    answer.error and redacted(answer.error),
                    dump(stored_headers(answer.headers)),
                    redacted(answer.body[:BODY_LIMIT].decode(errors="replace")),
                ),
            )
        if number > ATTEMPTS_LIMIT:
            self._database.write(
                "DELETE FROM delivery_attempts WHERE delivery = ? AND number <= ?",
                (delivery, number - ATTEMPTS_LIMIT),
            )

    def of(self, deliveries: Iterable[int]) -> dict[int, list[Object]]:
        """The attempts of each delivery, the oldest first, as JSON values."""
        found: defaultdict[int, list[Object]] = defaultdict(list)
        wanted = list(deliveries)
        marks = ", ".join("?" * len(wanted))
        for delivery, headers, body, *values in self._database.rows(
            "SELECT delivery, headers, body, number, at, seconds, status, error "  # noqa: S608  # marks
            f"FROM delivery_attempts WHERE delivery IN ({marks}) ORDER BY seq",
            wanted,
        ):
            attempt = dict(zip(("number", "at", "seconds", "status", "error"), values, strict=True))
            found[delivery].append(
                {**attempt, "headers": load(headers) if headers else {}, "body": body or ""}
            )
        return found
