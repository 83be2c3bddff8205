"""Figures over many Checkout Sessions."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

from billing.domain.sessions.checkout_session import WAS_PAID, Outcome


@dataclass(frozen=True)
class Revenue:
    """In minor units of one currency: ``gross`` is what was paid, ``net`` is that without what
    refunds and open or lost disputes took back. Below 0 where a refunded payment is disputed,
    too."""

    gross: int = 0
    net: int = 0

    @property
    def went_back(self) -> int:
        """What refunds and disputes took back."""
        return self.gross - self.net


@dataclass(frozen=True)
class SessionTotals:
    """How many of the sessions that match have each of the ``outcomes``; ``revenue`` by currency,
    that of the most payments first."""

    outcomes: Counter[Outcome]
    revenue: dict[str, Revenue]

    @property
    def created(self) -> int:
        """How many there are."""
        return self.outcomes.total()

    @property
    def paid(self) -> int:
        """How many were paid, whatever became of the money since."""
        return sum(self.outcomes[outcome] for outcome in WAS_PAID)

    @property
    def conversion(self) -> float | None:
        """The share of the created sessions that were paid, from 0 to 1; None without any."""
        return self.paid / self.created if self.created else None


@dataclass(frozen=True)
class SessionStats(SessionTotals):
    """``seconds_to_pay`` is the median from creation to completion of the ``timed`` payments (those
    whose completion time is known), to within 3.2 %; ``days`` are the outcomes of each day in the
    viewer's time zone.

    ``reasons`` counts why sessions were not paid, and those that want attention, by ``Reason`` or
    decline code; none is 0. ``is_partial``: more sessions hold the searched text than are counted.
    """

    seconds_to_pay: int | None
    timed: int
    days: dict[date, Counter[Outcome]]
    reasons: Counter[str]
    is_partial: bool


@dataclass(frozen=True)
class SessionFigures:
    """Figures, beside those of the period ``before``, if one was asked for. ``left_out``: there are
    tests or demo data that they do not cover; ``nothing_else``: there is nothing else, so they do.
    """

    stats: SessionStats
    before: SessionTotals | None
    left_out: bool
    nothing_else: bool
