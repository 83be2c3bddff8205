"""Figures over many Checkout Sessions."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

from billing.domain.sessions.checkout_session import Outcome

STATS_LIMIT = 100_000  # figures cover so many of the newest sessions at most


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
class SessionStats:
    """Figures over the sessions that match: how many were ``created`` and ``paid``, whatever became
    of the money since; ``revenue`` by currency, that of the most payments first;
    ``seconds_to_pay``, the median from creation to completion of the ``timed`` payments (those
    whose completion time is known); ``days``, the outcomes of each day in the viewer's time zone.

    ``reasons`` counts why sessions were not paid, and those that want attention, by ``Reason`` or
    decline code; none is 0. ``since`` (Unix seconds) is set when older sessions match that are left
    out.
    """

    created: int
    paid: int
    revenue: dict[str, Revenue]
    seconds_to_pay: int | None
    timed: int
    days: dict[date, Counter[Outcome]]
    reasons: Counter[str]
    since: int | None

    @property
    def outcomes(self) -> Counter[Outcome]:
        """How many sessions have each outcome."""
        return sum(self.days.values(), Counter[Outcome]())

    @property
    def conversion(self) -> float | None:
        """The share of the created sessions that were paid, from 0 to 1; None without any."""
        return self.paid / self.created if self.created else None


@dataclass(frozen=True)
class SessionFigures:
    """Figures, beside those of the period ``before``, if one was asked for. ``left_out``: there are
    tests or demo data that they do not cover; ``nothing_else``: there is nothing else, so they do.
    """

    stats: SessionStats
    before: SessionStats | None
    left_out: bool
    nothing_else: bool
