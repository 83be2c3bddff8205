"""Whether events arrive from Stripe, in words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from billing.domain.events.event import Event, EventSource


class Level(StrEnum):
    """How good the news is."""

    GOOD = "good"
    INFO = "info"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True)
class DeliveryHealth:
    """Whether events arrive: a ``title``, a ``text``, and what to do about it (``next_step``,
    empty when there is nothing to do).

    ``last`` is the newest event, ``source`` how it was delivered; None while there is none.
    """

    level: Level
    title: str
    text: str
    next_step: str = ""
    last: Event | None = None
    source: EventSource | None = None
