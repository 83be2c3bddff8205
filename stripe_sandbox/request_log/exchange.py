"""A request and its answer, as they went over the wire."""

from __future__ import annotations

from dataclasses import dataclass, field

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
    body: bytes = b""
    size: int = 0
    status: int | None = None
    answer: bytes = b""
    answer_headers: RawHeaders = field(default_factory=list)
    seconds: float = 0.0
    changes: Changes = field(default_factory=Changes)

    def header(self, name: bytes) -> str:
        """A header of the request; empty where it has none."""
        return _value(self.headers, name)

    def answer_header(self, name: bytes) -> str:
        """A header of the answer; empty where it has none."""
        return _value(self.answer_headers, name)


def _value(headers: RawHeaders, wanted: bytes) -> str:
    for name, value in headers:
        if name == wanted:
            return value.decode("latin-1")
    return ""
