"""Figures over the sessions that match a filter."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from billing.domain.reason import Reason
from billing.domain.sessions.checkout_session import Outcome
from billing.domain.sessions.filters import COUNT_LIMIT
from billing.domain.sessions.stats import Revenue, SessionStats, SessionTotals
from billing.store.sessions.counts import count_by_day, count_by_facet, count_found
from billing.store.sessions.facets import Facet, typical_seconds
from billing.store.sessions.local_days import date_of
from billing.store.sessions.matching import matching
from billing.store.sessions.search import is_partial
from billing.store.tables import checkout_sessions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection

    from billing.domain.sessions.filters import SessionFilter
    from billing.store.sessions.counts import Counts


def compute_totals(connection: Connection, wanted: SessionFilter) -> SessionTotals:
    """How many sessions match, and what was paid for them; whatever their outcome."""
    wanted = wanted.for_any_outcome
    counts = count_by_facet(connection, wanted, (Facet.OUTCOME, Facet.CURRENCY))
    return SessionTotals(_outcomes(counts[Facet.OUTCOME]), _revenue(counts[Facet.CURRENCY]))


def compute_stats(connection: Connection, wanted: SessionFilter, zone: ZoneInfo) -> SessionStats:
    """Figures over all sessions that match, whatever their outcome; ``days`` are those of the time
    zone."""
    wanted = wanted.for_any_outcome
    if wanted.search:
        counts, by_day, candidates = count_found(connection, wanted, zone)
        partial = is_partial(connection, wanted, candidates)
    else:
        counts, by_day = count_by_facet(connection, wanted), count_by_day(connection, wanted, zone)
        partial = False
    outcomes = _outcomes(counts[Facet.OUTCOME])
    reasons = _reasons(outcomes, counts)
    if outcomes[Outcome.PROCESSING]:
        reasons[Reason.LONG_PROCESSING] = _count(connection, wanted, Reason.LONG_PROCESSING)
    times = {typical_seconds(one): count.number for one, count in counts[Facet.SECONDS].items()}
    return SessionStats(
        outcomes=outcomes,
        revenue=_revenue(counts[Facet.CURRENCY]),
        seconds_to_pay=_median(times),
        timed=sum(times.values()),
        days=_without_gaps({date_of(day): found for day, found in by_day.items()}),
        reasons=+reasons,
        is_partial=partial,
    )


def _outcomes(counts: Mapping[str, Counts]) -> Counter[Outcome]:
    return Counter({Outcome(one): count.number for one, count in counts.items()})


def _revenue(counts: Mapping[str, Counts]) -> dict[str, Revenue]:
    """That of the most payments first."""
    most_first = sorted(counts.items(), key=lambda item: item[1].number, reverse=True)
    return {
        currency: Revenue(count.amount, count.amount - count.went_back)
        for currency, count in most_first
        if count.amount
    }


def _reasons(
    outcomes: Counter[Outcome], counts: Mapping[Facet, Mapping[str, Counts]]
) -> Counter[str]:
    """Why sessions were not paid, by ``Reason`` or decline code."""
    declined, expired = (
        Counter({code: count.number for code, count in counts[facet].items()})
        for facet in (Facet.DECLINED, Facet.EXPIRED)
    )
    return (
        declined
        + expired
        + Counter(
            {
                Reason.STILL_DECLINED: outcomes[Outcome.DECLINED],
                Reason.EXPIRED_DECLINED: expired.total(),
                Reason.ABANDONED: outcomes[Outcome.EXPIRED] - expired.total(),
                Reason.FAILED_DEBIT: outcomes[Outcome.FAILED],
                Reason.NOT_GRANTED: sum(one.number for one in counts[Facet.NOT_GRANTED].values()),
            }
        )
    )


def _count(connection: Connection, wanted: SessionFilter, reason: Reason) -> int:
    chosen = replace(wanted, reason=reason)
    some = matching(connection, chosen, (checkout_sessions.c.id,)).subquery()
    bounded = select(some.c.id).limit(COUNT_LIMIT).subquery()
    return connection.scalar(select(func.count()).select_from(bounded)) or 0


def _median(numbers: Mapping[int, int]) -> int | None:
    """The lower median of values that there are so many of."""
    left = (sum(numbers.values()) + 1) // 2
    for value, number in sorted(numbers.items()):
        left -= number
        if left <= 0 < number:
            return value
    return None


def _without_gaps(days: dict[date, Counter[Outcome]]) -> dict[date, Counter[Outcome]]:
    if not days:
        return {}
    first, last = min(days), max(days)
    every = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return {day: days.get(day, Counter()) for day in every}
