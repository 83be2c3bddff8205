"""A request as it was sent: what a log of requests is written from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from billing.domain.logged_request import Try
    from billing.stripe_api.response import Response


@dataclass(slots=True)  # frozen ones take three times as long to make
class SentRequest:
    """A request with all its tries, and secrets as they were sent. ``at`` is Unix seconds,
    ``response`` None where none came."""

    at: float
    method: str  # get, post, delete
    path: str
    params: Mapping[str, Any] | None
    idempotency_key: str | None  # of a POST
    key_is_own: bool  # made for this request alone
    api_version: str
    seconds: float
    tries: list[Try]
    response: Response | None


# Takes note of a request before its answer is delivered, and so does as little as it can.
RecordRequest = Callable[[SentRequest], None]
