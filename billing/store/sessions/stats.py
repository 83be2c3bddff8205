"""The numbers over many sessions: counts, revenue, how long paying took; by day and outcome."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from billing.domain.checkout_session import Outcome
from billing.domain.session_stats import CALCULATED, Numbers
from billing.store.sessions.local_days import date_of, local_day
from billing.store.sessions.queries import matching
from billing.store.tables import checkout_sessions

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection

    from billing.domain.session_filter import SessionFilter


def numbers(
    connection: Connection, wanted: SessionFilter, zone: ZoneInfo, most: int = CALCULATED
) -> Numbers:
    """The numbers over what matches, of the newest ``most`` sessions of the time asked for."""
    since = None if wanted.search else _beginning(connection, wanted, most)
    if since is not None:
        wanted = replace(wanted, since=since)
    rows = matching(wanted).subquery().c
    day = local_day(rows.created, zone, *_times_of(connection, wanted)).label("day")
    grouped = select(
        day,
        rows.outcome,
        rows.currency,
        func.count().label("number"),
        func.sum(rows.amount_total).label("amount"),
    ).group_by(day, rows.outcome, rows.currency)
    outcomes: Counter[Outcome] = Counter()
    revenue: Counter[str] = Counter()
    payments: Counter[str] = Counter()
    days: dict[date, Counter[Outcome]] = {}
    for row in connection.execute(grouped):
        outcome = Outcome(row.outcome)
        outcomes[outcome] += row.number
        if outcome is Outcome.PAID and row.currency and row.amount:
            revenue[row.currency] += int(row.amount)
            payments[row.currency] += row.number
        days.setdefault(date_of(row.day), Counter())[outcome] += row.number
    seconds, timed = _median_to_pay(connection, wanted)
    return Numbers(
        created=outcomes.total(),
        paid=outcomes[Outcome.PAID],
        revenue={currency: revenue[currency] for currency, _ in payments.most_common()},
        seconds_to_pay=seconds,
        timed=timed,
        days=_without_gaps(days),
        since=since,
    )


def _beginning(connection: Connection, wanted: SessionFilter, most: int) -> int | None:
    """When the oldest session that is calculated with was made, if any is left out."""
    made = checkout_sessions.c.created
    everything = select(made).order_by(made.desc()).offset(most).limit(1)
    if wanted.since is not None:
        everything = everything.where(made >= wanted.since)
    if wanted.until is not None:
        everything = everything.where(made < wanted.until)
    newest_left_out: int | None = connection.scalar(everything)
    return None if newest_left_out is None else newest_left_out + 1


def _times_of(connection: Connection, wanted: SessionFilter) -> tuple[int, int]:
    """No session that matches was made before the first or after the last of these."""
    made = checkout_sessions.c.created
    earliest, latest = connection.execute(
        select(
            select(func.min(made)).scalar_subquery(),
            select(func.max(made)).scalar_subquery(),
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
    # Not plain comparisons, which would send the database to an index of all sessions.
    timed = select(seconds).where(
        seconds.is_not(None),
        func.coalesce(rows.outcome, "") == Outcome.PAID,
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
