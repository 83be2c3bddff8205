"""The sandbox's faults, as its control API takes and returns them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from billing.domain.durations import format_duration

STATUS_TEXTS = {429: "429 (too many requests)", 500: "500 (server error)"}


@dataclass(frozen=True)
class WebhookFaults:
    """Faults of deliveries. ``duplicates``: how many times more each is sent; ``shuffle``: sent in
    a random order; ``drop``: the first attempt of each is lost."""

    delay_seconds: float = 0
    duplicates: int = 0
    shuffle: bool = False
    drop: bool = False


@dataclass(frozen=True)
class ApiFaults:
    """Faults of the API: ``status`` for the next ``requests`` requests (None: until changed), and
    ``delay_seconds`` before each answer."""

    status: int | None = None
    delay_seconds: float = 0
    requests: int | None = None


@dataclass(frozen=True)
class Faults:
    """All faults that are on; none by default."""

    webhooks: WebhookFaults = field(default_factory=WebhookFaults)
    api: ApiFaults = field(default_factory=ApiFaults)

    @classmethod
    def from_json(cls, answer: dict[str, dict[str, Any]]) -> Faults:
        """As the control API returns them."""
        return cls(WebhookFaults(**answer["webhooks"]), ApiFaults(**answer["api"]))

    def to_json(self) -> dict[str, Any]:
        """As the control API takes them."""
        return asdict(self)

    @property
    def lines(self) -> list[str]:
        """Each fault that is on, as a sentence."""
        lines = []
        if self.webhooks.delay_seconds:
            lines.append(f"Webhooks are delayed by {_seconds(self.webhooks.delay_seconds)}.")
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
            answer = STATUS_TEXTS.get(self.api.status, str(self.api.status))
            counted = f" to the next {self.api.requests} requests" if self.api.requests else ""
            lines.append(f"Stripe responds with {answer}{counted}.")
        if self.api.delay_seconds:
            lines.append(
                f"Every request to Stripe is delayed by {_seconds(self.api.delay_seconds)}."
            )
        return lines


def _seconds(seconds: float) -> str:
    return format_duration(seconds).replace(".0 s", " s")


NO_FAULTS = Faults()
