"""Figures over the sessions that match: counts by outcome and day, revenue, time to payment."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from billing.domain.reason import Reason
from billing.domain.sessions.checkout_session import WAS_PAID, Outcome
from billing.domain.sessions.filters import COUNT_LIMIT
from billing.domain.sessions.stats import STATS_LIMIT, Revenue, SessionStats
from billing.store.sessions.local_days import date_of, local_day
from billing.store.sessions.matching import DECLINED, matching
from billing.store.tables import checkout_sessions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection

    from billing.domain.sessions.filters import SessionFilter


def compute_stats(
    connection: Connection, wanted: SessionFilter, zone: ZoneInfo, limit: int = STATS_LIMIT
) -> SessionStats:
    """Figures over the sessions that match, of the newest ``limit`` in the filter's time span;
    ``days`` are those of the time zone."""
    since = None if wanted.search else _since(connection, wanted, limit)
    if since is not None:
        wanted = replace(wanted, since=since)
    rows = matching(wanted).subquery().c
    day = local_day(rows.created, zone, *_time_span(connection, wanted)).label("day")
    grouped = select(
        day,
        rows.outcome,
        rows.currency,
        rows.failure_code,
        func.count().label("number"),
        func.sum(rows.amount_total).label("amount"),
        func.sum(rows.amount_refunded + rows.amount_disputed).label("went_back"),
    ).group_by(day, rows.outcome, rows.currency, rows.failure_code)
    outcomes: Counter[Outcome] = Counter()
    gross: Counter[str] = Counter()
    went_back: Counter[str] = Counter()
    payments: Counter[str] = Counter()
    days: dict[date, Counter[Outcome]] = {}
    reasons: Counter[str] = Counter()
    for row in connection.execute(grouped):
        outcome = Outcome(row.outcome)
        outcomes[outcome] += row.number
        if outcome.was_paid and row.currency and row.amount:
            gross[row.currency] += int(row.amount)
            went_back[row.currency] += int(row.went_back)
            payments[row.currency] += row.number
        days.setdefault(date_of(row.day), Counter())[outcome] += row.number
        for reason in _reasons(outcome, row.failure_code):
            reasons[reason] += row.number
    for rare in (Reason.LONG_PROCESSING, Reason.NOT_GRANTED):
        reasons[rare] = _count(connection, replace(wanted, reason=rare))
    seconds, timed = _median_to_pay(connection, wanted)
    return SessionStats(
        created=outcomes.total(),
        paid=sum(outcomes[outcome] for outcome in WAS_PAID),
        revenue={
            currency: Revenue(gross[currency], gross[currency] - went_back[currency])
            for currency, _ in payments.most_common()
        },
        seconds_to_pay=seconds,
        timed=timed,
        days=_without_gaps(days),
        reasons=+reasons,
        since=since,
    )


def _reasons(outcome: Outcome, code: str | None) -> Iterator[str]:
    """Why sessions of that outcome and failure were not paid."""
    if outcome in DECLINED and code:
        yield code
    match outcome:
        case Outcome.DECLINED:
            yield Reason.STILL_DECLINED
        case Outcome.EXPIRED:
            yield Reason.EXPIRED_DECLINED if code else Reason.ABANDONED
        case Outcome.FAILED:
            yield Reason.FAILED_DEBIT


def _count(connection: Connection, wanted: SessionFilter) -> int:
    some = matching(wanted, (checkout_sessions.c.id,)).subquery()
    bounded = select(some.c.id).limit(COUNT_LIMIT).subquery()
    return connection.scalar(select(func.count()).select_from(bounded)) or 0


def _since(connection: Connection, wanted: SessionFilter, limit: int) -> int | None:
    """From when on sessions are counted, if the limit leaves any out."""
    created = checkout_sessions.c.created
    rows_in_span = select(created).order_by(created.desc()).offset(limit).limit(1)
    if wanted.since is not None:
        rows_in_span = rows_in_span.where(created >= wanted.since)
    if wanted.until is not None:
        rows_in_span = rows_in_span.where(created < wanted.until)
    newest_left_out: int | None = connection.scalar(rows_in_span)
    return None if newest_left_out is None else newest_left_out + 1


def _time_span(connection: Connection, wanted: SessionFilter) -> tuple[int, int]:
    """Unix seconds between which every session that matches was created."""
    created = checkout_sessions.c.created
    earliest, latest = connection.execute(
        select(
            select(func.min(created)).scalar_subquery(),
            select(func.max(created)).scalar_subquery(),
        )
    ).one()
    first, last = earliest or 0, latest or 0
    if wanted.since is not None:
        first = max(first, wanted.since)
    if wanted.until is not None:
        last = min(last, wanted.until)
    return first, last


def _median_to_pay(connection: Connection, wanted: SessionFilter) -> tuple[int | None, int]:
    rows = matching(wanted).subquery().c
    seconds = (rows.completed_at - rows.created).label("seconds")
    # Written so that the database does not read an index of all sessions instead.
    timed = select(seconds).where(
        seconds.is_not(None),
        func.coalesce(rows.outcome, "").in_(WAS_PAID),
    )
    number = connection.scalar(select(func.count()).select_from(timed.subquery())) or 0
    if not number:
        return None, 0
    middle = timed.order_by(seconds).offset((number - 1) // 2).limit(1)
    return connection.scalar(middle), number


def _without_gaps(days: dict[date, Counter[Outcome]]) -> dict[date, Counter[Outcome]]:
    if not days:
        return {}
    first, last = min(days), max(days)
    every = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return {day: days.get(day, Counter()) for day in every}
