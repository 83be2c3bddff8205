"""Figures over many Checkout Sessions."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

from billing.domain.checkout_session import Outcome


@dataclass(frozen=True)
class Numbers:
    """``revenue`` is what was paid, in minor units for each currency, those of the most payments
    first; ``seconds_to_pay`` the median from making a session to completing it, over the ``timed``
    payments whose completion an event has told of. ``days`` counts the outcomes of each day, in
    the viewer's time zone.

    ``since`` is set (Unix seconds) when older sessions match that are not calculated with.
    """

    created: int
    paid: int
    revenue: dict[str, int]
    seconds_to_pay: int | None
    timed: int
    days: dict[date, Counter[Outcome]]
    since: int | None

    @property
    def conversion(self) -> float | None:
        """How many of the created were paid, from 0 to 1."""
        return self.paid / self.created if self.created else None


CALCULATED = 100_000  # the newest so many sessions of the time asked for are calculated with
