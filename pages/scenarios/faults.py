"""What goes wrong on demand between the product and the sandbox."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from billing.domain.durations import format_duration

if TYPE_CHECKING:
    from collections.abc import Mapping

ANSWERS = {429: "429 (too many requests)", 500: "500 (server error)"}


@dataclass(frozen=True)
class WebhookFaults:
    """How deliveries go wrong. ``duplicates``: how many times more each is sent; ``drop``: the
    first try of each is lost, the retry comes; ``shuffle``: those that wait go in any order."""

    delay_seconds: float = 0
    duplicates: int = 0
    shuffle: bool = False
    drop: bool = False


@dataclass(frozen=True)
class ApiFaults:
    """How requests go wrong: each waits ``delay_seconds``; ``status`` is answered to the next
    ``requests`` of them, or until it is taken back when that is None."""

    status: int | None = None
    delay_seconds: float = 0
    requests: int | None = None


@dataclass(frozen=True)
class Faults:
    """All faults at a time; the default is none."""

    webhooks: WebhookFaults = field(default_factory=WebhookFaults)
    api: ApiFaults = field(default_factory=ApiFaults)

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Faults:
        """As the control API tells them."""
        webhooks, api = said.get("webhooks", {}), said.get("api", {})
        return cls(
            WebhookFaults(
                delay_seconds=webhooks.get("delay_seconds", 0),
                duplicates=webhooks.get("duplicates", 0),
                shuffle=webhooks.get("shuffle", False),
                drop=webhooks.get("drop", False),
            ),
            ApiFaults(
                status=api.get("status"),
                delay_seconds=api.get("delay_seconds", 0),
                requests=api.get("requests"),
            ),
        )

    def to_json(self) -> dict[str, Any]:
        """As the control API takes them."""
        return asdict(self)

    @property
    def lines(self) -> list[str]:
        """Each fault that is on, as a sentence."""
        lines = []
        if self.webhooks.delay_seconds:
            lines.append(f"Webhooks are delayed by {_whole(self.webhooks.delay_seconds)}.")
        if self.webhooks.duplicates:
            times = {1: "twice", 2: "three times"}.get(
                self.webhooks.duplicates, f"{self.webhooks.duplicates + 1} times"
            )
            lines.append(f"Every webhook is sent {times}.")
        if self.webhooks.shuffle:
            lines.append("Webhooks go out in random order.")
        if self.webhooks.drop:
            lines.append("The first attempt to deliver each webhook is lost.")
        if self.api.status:
            answer = ANSWERS.get(self.api.status, str(self.api.status))
            counted = f" to the next {self.api.requests} requests" if self.api.requests else ""
            lines.append(f"Stripe responds with {answer}{counted}.")
        if self.api.delay_seconds:
            lines.append(f"Every request to Stripe is delayed by {_whole(self.api.delay_seconds)}.")
        return lines


def _whole(seconds: float) -> str:
    return format_duration(seconds).replace(".0 s", " s")


NO_FAULTS = Faults()
