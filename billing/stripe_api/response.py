"""What Stripe answered, or whoever did in its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from billing.json_codec import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Mapping

UNREADABLE = object()  # in place of a document: the body was no JSON
EXCERPT_BYTES = 80  # bytes of a body that is none of Stripe's
MAX_NAMES = 5
ERROR = ("type", "code", "message", "param")


@dataclass(frozen=True, slots=True)
class Response:
    """A response of Stripe's API. ``document`` is the JSON value that came, whatever it is."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    document: Any

    @classmethod
    def of(cls, status: int, headers: Mapping[str, str], body: bytes) -> Response:
        """With the body parsed."""
        try:
            return cls(status, headers, body, loads(body))
        except ValueError:
            return cls(status, headers, body, UNREADABLE)

    @property
    def is_error(self) -> bool:
        """The request did not succeed."""
        return not 200 <= self.status < 300

    @property
    def request_id(self) -> str | None:
        """Stripe's id of the request. https://docs.stripe.com/api/request_ids"""
        return self.headers.get("Request-Id")

    @property
    def error(self) -> dict[str, str] | None:
        """The ``error`` object, what is shown of it; None where the body is not one of Stripe's
        errors. https://docs.stripe.com/api/errors"""
        match self.document:
            case {"error": dict(error)}:
                fields = {name: error[name] for name in ERROR if isinstance(error.get(name), str)}
                return fields if "type" in fields or "message" in fields else None
        return None

    @property
    def description(self) -> str:
        """The body in a few words, without personal data."""
        found = self.document
        if found is UNREADABLE or self.status >= 400:
            return self.body[:EXCERPT_BYTES].decode(errors="replace") or "an empty body"
        if isinstance(found, dict):
            return f"an object with {', '.join(list(found)[:MAX_NAMES])}" if found else "{}"
        return "a list" if isinstance(found, list) and found else dumps(found)[:EXCERPT_BYTES]
