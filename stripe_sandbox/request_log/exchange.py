"""A request and its answer, as they went over the wire."""

from __future__ import annotations

from dataclasses import dataclass

from stripe_sandbox.storage.changes import Changes

RawHeaders = list[tuple[bytes, bytes]]
LONGEST_KEPT = 64 * 1024
"""Bytes of a request's body that are kept for the log."""


@dataclass(slots=True)
class Exchange:
    """What was asked and answered. `at` is Unix seconds of the wall clock; `status` is None when no
    answer was sent, or when the client had gone before it was, and then `answer` is what it did not
    get. `size` is that of the request's body, of which `body` may be the beginning."""

    at: float
    method: str
    path: str
    query: bytes
    headers: RawHeaders
    body: bytes
    size: int
    status: int | None
    answer: bytes
    answer_headers: RawHeaders
    seconds: float
    changes: Changes
