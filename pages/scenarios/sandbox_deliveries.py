"""A client of the sandbox's controls of deliveries: what became of each, sending them again, and
test events."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from billing.access.caller import requires
from billing.domain.access import Permission
from pages.scenarios.sandbox_requests import ANY_KEY, send

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pydantic import SecretStr


class DeliveryState(StrEnum):
    """The state of a delivery to one endpoint."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Next(StrEnum):
    """What comes next of a delivery."""

    NONE = "none"
    ATTEMPT = "attempt"
    GIVEN_UP = "given_up"
    DISABLED = "disabled"
    DELETED = "deleted"


@dataclass(frozen=True)
class Attempt:
    """One try: when it began (Unix seconds by the sandbox's clock), how long it took, and the
    endpoint's ``status``, ``headers`` and the beginning of its ``body``, or the ``error`` in words
    why there is no answer. Copies that were sent at once have one ``number``."""

    number: int
    at: float
    seconds: float
    status: int | None
    error: str | None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether the endpoint took the event: only 2xx says so."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True)
class Delivery:
    """An event on its way to one endpoint. ``attempts`` are those that are stored, the oldest
    first, of the ``attempts_made``. ``next_at`` is when the next attempt is due (Unix seconds by
    the sandbox's clock). ``url`` is None where the endpoint has been deleted."""

    event: str
    event_type: str
    endpoint: str
    url: str | None
    payload: str
    state: DeliveryState
    attempts_made: int
    error: str | None
    next: Next
    next_at: float | None
    attempts: tuple[Attempt, ...]

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Delivery:
        """As the sandbox answers it."""
        return cls(
            event=found["event"],
            event_type=found["event_type"],
            endpoint=found["endpoint"],
            url=found["url"],
            payload=found["payload"],
            state=DeliveryState(found["state"]),
            attempts_made=found["attempts_made"],
            error=found["error"],
            next=Next(found["next"]["action"]),
            next_at=found["next"]["at"],
            attempts=tuple(Attempt(**one) for one in found["attempts"]),
        )


class SandboxDeliveries:
    """Every method raises ``ControlFailure``. Blocks: call it from a page's thread."""

    def __init__(self, controls_url: str, key: SecretStr = ANY_KEY) -> None:
        self._url = controls_url
        self._key = key

    @requires(Permission.VIEW)
    def of_events(self, ids: Iterable[str]) -> Sequence[Delivery]:
        """The deliveries of these events, in the order in which they began."""
        return self._find(events=",".join(ids))

    @requires(Permission.VIEW)
    def failed_since(self, since: float) -> Sequence[Delivery]:
        """Those of which an attempt failed since then (Unix seconds by the sandbox's clock) and
        none succeeded; as many as the sandbox lists."""
        return self._find(failed_since=since)

    @requires(Permission.SEND_EVENTS, on="event", does="Send it to {endpoint} again")
    def resend(self, event: str, endpoint: str) -> None:
        """Deliver the event (its id) to the endpoint (its id) now."""
        self._post("deliveries/resend", {"event": event, "endpoint": endpoint})

    @requires(Permission.SEND_EVENTS, on="endpoint", does="Send all that failed again")
    def resend_failed(self, since: float, endpoint: str | None = None) -> int:
        """Deliver now what ``failed_since`` lists, to one endpoint (its id) or to any that is
        enabled; how many deliveries those are."""
        body = {"failed_since": since, **({"endpoint": endpoint} if endpoint else {})}
        return int(self._post("deliveries/resend", body)["resent"])

    @requires(Permission.VIEW)
    def types_for(self, object_id: str) -> Sequence[str]:
        """The types of event that fit an object of Stripe's (its id)."""
        return tuple(self._get("events/types", object=object_id)["types"])

    @requires(Permission.SEND_EVENTS, on="object_id", does="Send a test event: {event_type}")
    def send_test_event(self, event_type: str, object_id: str) -> str:
        """Have an event of the type about the object, as it is now, delivered as any other; the
        event's id."""
        return str(self._post("events", {"type": event_type, "object": object_id})["id"])

    def _find(self, **wanted: Any) -> Sequence[Delivery]:
        return tuple(map(Delivery.from_json, self._get("deliveries", **wanted)["data"]))

    def _get(self, path: str, **params: Any) -> dict[str, Any]:
        return send("GET", f"{self._url}/{path}", key=self._key, params=params)

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return send("POST", f"{self._url}/{path}", key=self._key, json=body)
