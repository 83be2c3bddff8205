"""How many sessions match, by facet or by day: from rollups, or one by one where text is searched.

What the rollups leave out at the ends of a time is counted one by one, and so are days that they do
not have: those of a time zone in which nobody has looked at them so far.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from operator import add
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import BigInteger, and_, case, cast, false, func, not_, null, or_, select, union_all

from billing.domain.sessions.checkout_session import Outcome
from billing.store.sessions.facets import (
    SESSION_COUNTS,
    Facet,
    by_facet,
    delta_counts,
    session_counts,
)
from billing.store.sessions.local_days import DAY, local_day
from billing.store.sessions.matching import matching
from billing.store.sessions.periods import Cover, cover, cover_days
from billing.store.sessions.rollups import phases
from billing.store.sessions.search import candidates, chosen_among_found
from billing.store.tables import checkout_sessions, session_deltas, session_rollups
from billing.store.tables.rollups import COUNTS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo

    from sqlalchemy import ColumnElement, CompoundSelect, Connection, Select

    from billing.domain.sessions.filters import SessionFilter

_OUTCOMES = {outcome.value: outcome for outcome in Outcome}
_s, _d, _r = checkout_sessions.c, session_deltas.c, session_rollups.c


class Counts(NamedTuple):
    """Sessions, and what was paid for them and what of that went back, in minor units."""

    number: int
    amount: int
    went_back: int


class FoundCounts(NamedTuple):
    """What ``count_by_facet`` and ``count_by_day`` return, and among how many ``candidates`` the
    other filters chose."""

    facets: dict[Facet, dict[str, Counts]]
    days: dict[int, Counter[Outcome]]
    candidates: int


def count_by_facet(
    connection: Connection, wanted: SessionFilter, facets: Iterable[Facet] = Facet
) -> dict[Facet, dict[str, Counts]]:
    """The sessions that match by the value of each facet; where text is searched, of none by
    ``NOT_GRANTED``."""
    if wanted.search:
        chosen = set(facets) - {Facet.NOT_GRANTED}
        parts: Select[Any] | CompoundSelect[Any] = _one_by_one(connection, wanted, chosen)
    else:
        parts = _from_rollups(wanted, cover(wanted.since, wanted.until), facets)
    row = parts.subquery().c
    sums = [cast(func.sum(row[name]), BigInteger) for name in COUNTS]
    found: defaultdict[Facet, dict[str, Counts]] = defaultdict(dict)
    grouped = select(row.facet, row.value, *sums).group_by(row.facet, row.value)
    grouped = grouped.having(sums[0] != 0)
    for facet, value, *counts in connection.execute(grouped):
        found[Facet(facet)][value] = Counts(*counts)
    return found


def count_by_day(
    connection: Connection, wanted: SessionFilter, zone: ZoneInfo
) -> dict[int, Counter[Outcome]]:
    """How many sessions that match have each outcome, by the number of the day in the zone (see
    ``date_of``)."""
    first, last = _time_span(connection, wanted)
    if first == last:
        return {}
    covered = cover_days(zone, first, last)
    outcome = [Facet.OUTCOME]
    if wanted.search or covered.phases - _counted_phases(connection):
        parts: Select[Any] | CompoundSelect[Any] = _one_by_one(connection, wanted, outcome)
    else:
        parts = _from_rollups(wanted, covered, outcome)
    row = parts.subquery().c
    days = select(
        local_day(row.created, zone, first, last).label("day"), row.value, row.number
    ).subquery()
    number = func.sum(days.c.number)
    grouped = select(days.c.day, days.c.value, number).having(number != 0)
    found: defaultdict[int, Counter[Outcome]] = defaultdict(Counter)
    for day, value, many in connection.execute(grouped.group_by(days.c.day, days.c.value)):
        found[day][_OUTCOMES[value]] = int(many)
    return found


def count_found(connection: Connection, wanted: SessionFilter, zone: ZoneInfo) -> FoundCounts:
    """The sessions that are found, whatever the reason, by each facet and by day."""
    first, last = _time_span(connection, wanted)
    found = candidates(connection, wanted)
    is_same = and_(found.c.created == _s.created, found.c.id == _s.id)
    # PostgreSQL may read all of a range of the index by time for them: so none is read below.
    is_in_time = _s.created >= select(func.min(found.c.created)).scalar_subquery()
    rows = session_counts().join(found, is_same).where(is_in_time, *chosen_among_found(wanted))
    row = by_facet(rows).subquery().c
    is_outcome = row.facet == Facet.OUTCOME
    day = case((is_outcome, local_day(row.created, zone, first, last)), else_=0)
    sums = [cast(func.sum(row[name]), BigInteger) for name in COUNTS]
    grouped = select(row.facet, row.value, day, *sums).group_by(row.facet, row.value, day)
    number = select(null(), null(), null(), func.count(), null(), null()).select_from(found)
    counted = FoundCounts(defaultdict(dict), defaultdict(Counter), 0)
    for facet, value, at, *counts in connection.execute(union_all(grouped, number)):
        if facet is None:
            counted = counted._replace(candidates=counts[0])
            continue
        if facet == Facet.OUTCOME:
            counted.days[at][_OUTCOMES[value]] = counts[0]
        before = counted.facets[Facet(facet)].get(value, Counts(0, 0, 0))
        counted.facets[Facet(facet)][value] = Counts(*map(add, before, counts))
    return counted


def missing_phases(connection: Connection, wanted: SessionFilter, zone: ZoneInfo) -> set[int]:
    """When the days of the zone begin that nobody has asked for so far, in seconds after UTC's: for
    ``rollups.add_phases``."""
    covered = cover_days(zone, *_time_span(connection, wanted))
    return covered.phases - phases(connection).keys()


def _counted_phases(connection: Connection) -> set[int]:
    return {phase for phase, until in phases(connection).items() if until is None}


def _one_by_one(
    connection: Connection, wanted: SessionFilter, facets: Iterable[Facet]
) -> CompoundSelect[Any]:
    return by_facet(matching(connection, wanted, SESSION_COUNTS), facets)


def _from_rollups(
    wanted: SessionFilter, covered: Cover, facets: Iterable[Facet]
) -> Select[Any] | CompoundSelect[Any]:
    """Rows to be summed: ``created`` (of a period its start), ``facet``, ``value`` and counts."""
    chosen = sorted(facets)
    in_filter = _in_filter(wanted, _r)
    parts = [
        select(
            *(_r.start.label("created"), _r.facet, _r.value),
            *(cast(func.sum(_r[name]), BigInteger).label(name) for name in COUNTS),
        )
        .where(
            _r.length == run.length,
            _r.phase == run.phase,
            _r.facet.in_(chosen),
            _r.start >= run.since,
            _r.start < run.until,
            *in_filter,
        )
        .group_by(_r.facet, _r.start, _r.value)  # as the primary key is sorted
        for run in covered.runs
    ]
    if covered.runs:
        since = min(run.since for run in covered.runs)
        until = max(run.until for run in covered.runs)
        inside = [_d.created >= since, _d.created < until, not_(_in_any(_d, covered.left))]
        parts.append(
            _columns(by_facet(delta_counts().where(*inside, *_in_filter(wanted, _d)), chosen))
        )
    if covered.left:
        left = session_counts().where(_in_any(_s, covered.left), *_in_filter(wanted, _s))
        parts.append(_columns(by_facet(left, chosen)))
    return union_all(*parts)


def _columns(rows: CompoundSelect[Any]) -> Select[Any]:
    row = rows.subquery().c
    return select(row.created, row.facet, row.value, *(row[name] for name in COUNTS))


def _in_filter(wanted: SessionFilter, row: Any) -> list[ColumnElement[bool]]:
    # Written so that rows are read by time, and not by these.
    return [
        func.coalesce(column, "").in_(sorted(values))
        for column, values in ((row.source, wanted.sources), (row.kind, wanted.kinds))
        if values
    ]


def _in_any(row: Any, spans: Iterable[tuple[int, int]]) -> ColumnElement[bool]:
    inside = (and_(row.created >= since, row.created < until) for since, until in spans)
    return or_(false(), *inside)


def _time_span(connection: Connection, wanted: SessionFilter) -> tuple[int, int]:
    """Unix seconds between which every session that matches was created, and whole days of it."""
    earliest, latest = connection.execute(
        select(
            select(func.min(_s.created)).scalar_subquery(),
            select(func.max(_s.created)).scalar_subquery(),
        )
    ).one()
    if earliest is None:
        return 0, 0
    first, last = (earliest // DAY - 2) * DAY, (latest // DAY + 3) * DAY
    if wanted.since is not None:
        first = max(first, wanted.since)
    if wanted.until is not None:
        last = min(last, wanted.until)
    return first, max(first, last)
