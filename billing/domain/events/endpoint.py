"""Where Stripe sends events: webhook endpoints (snapshot events) and event destinations (thin)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import SecretStr


EVERY_TYPE = ("*",)  # of event, as Stripe writes it


class Payload(StrEnum):
    """How much of its object an event holds, in Stripe's words."""

    SNAPSHOT = "snapshot"
    THIN = "thin"

    @property
    def label(self) -> str:
        """As people read it: ``Snapshot``."""
        return self.capitalize()

    @property
    def is_thin(self) -> bool:
        """Whether events name their object alone."""
        return self is Payload.THIN


@dataclass(frozen=True)
class SandboxDeliveries:
    """How the embedded sandbox's deliveries to an endpoint go: how many are ``waiting`` to be sent
    or sent again, and ``failed`` for good. ``failing_since`` is None while the newest succeed;
    ``reason`` says why the last one failed. Times are Unix seconds of the sandbox's clock."""

    waiting: int = 0
    failed: int = 0
    failing_since: float | None = None
    reason: str = ""
    next_attempt: float | None = None
    former_secret_until: float | None = None


@dataclass(frozen=True)
class Endpoint:
    """An endpoint as Stripe has it.

    ``missing`` are the types of event that this app handles and it does not receive.
    ``api_version`` is None where the account's is used, and of thin events, which have none.
    ``leads_here``: its URL is this app's own; ``is_built_in``: the embedded sandbox brought it, and
    makes it again at the next start. ``replaces`` is the id of the one that it is made to replace.
    ``deliveries`` are known of the embedded sandbox alone.
    """

    id: str
    url: str
    payload: Payload
    is_enabled: bool
    enabled_events: tuple[str, ...]
    missing: tuple[str, ...]
    api_version: str | None
    description: str
    leads_here: bool
    is_built_in: bool
    replaces: str | None = None
    deliveries: SandboxDeliveries | None = None

    @property
    def is_failing(self) -> bool:
        """Whether the newest deliveries to it fail, as far as that is known."""
        return self.deliveries is not None and self.deliveries.failing_since is not None


@dataclass(frozen=True)
class PendingEvents:
    """Recent events that Stripe has not delivered to every endpoint: how many, ``or_more``, and
    when the oldest of them was created."""

    count: int
    or_more: bool
    since: float


class RollStep(StrEnum):
    """What comes next while a secret is rolled by a second endpoint."""

    SET_SECRET = "set_secret"  # noqa: S105 - a step, not a secret
    RESTART = "restart"
    TURN_ON = "turn_on"
    DELETE_FORMER = "delete_former"


@dataclass(frozen=True)
class SecretRoll:
    """A secret that is being rolled by an endpoint at the same address that replaces the former
    one; ``step`` comes next."""

    former: Endpoint
    replacement: Endpoint
    step: RollStep


@dataclass(frozen=True)
class EndpointList:
    """All endpoints, those that lead here first; the secrets that are being rolled; the ``pending``
    events, None where there are none or Stripe does not say; and when the last event arrived here
    as which payload (Unix seconds)."""

    endpoints: tuple[Endpoint, ...]
    rolls: tuple[SecretRoll, ...] = ()
    pending: PendingEvents | None = None
    arrivals: Mapping[Payload, float] = field(default_factory=dict)

    def get(self, endpoint_id: str) -> Endpoint | None:
        """The one of this id."""
        return next((one for one in self.endpoints if one.id == endpoint_id), None)


@dataclass(frozen=True)
class EndpointSecret:
    """The signing ``secret`` of the endpoint ``id``, which is shown once. The former one is valid
    until ``former_until`` (Unix seconds), where there is one."""

    id: str
    url: str
    secret: SecretStr
    former_until: float | None = None
