"""Deliveries of events that reached our webhook."""

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
