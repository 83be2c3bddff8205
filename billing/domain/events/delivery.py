"""Deliveries of events that reached our webhook, and those that claim to be one."""

from __future__ import annotations

from dataclasses import dataclass

OK = 200


@dataclass(frozen=True)
class ReceivedDelivery:
    """One signed delivery of an event: when it was ``received_at`` (Unix seconds), and the
    ``status`` that it was answered with after so many ``seconds``."""

    event_id: str
    received_at: float
    status: int
    seconds: float

    @property
    def is_refused(self) -> bool:
        """The sender was asked to repeat it."""
        return self.status != OK


@dataclass(frozen=True)
class ClaimedDelivery:
    """``count`` deliveries that were refused for one reason (a sentence), and whose bodies say that
    they are this event: the last at ``received_at`` (Unix seconds). Nobody knows who sent them."""

    event_id: str
    reason: str
    received_at: float
    count: int
