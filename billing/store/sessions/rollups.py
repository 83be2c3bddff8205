"""Rollups: sessions counted by period, so that figures over a million read as much as over few.

Triggers of the database note what changes of a session as deltas, in the transaction that changes
it. ``fold`` adds them to the rollups later. Together they always say what the sessions say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, cast, delete, func, insert, or_, select, union_all

from billing.domain.sessions.rollups import RollupDifference
from billing.store import sync_state
from billing.store.sessions.facets import Facet, by_facet, delta_counts, session_counts
from billing.store.sessions.local_days import DAY
from billing.store.sessions.periods import LENGTHS, QUARTER
from billing.store.tables import checkout_sessions, session_deltas, session_rollups
from billing.store.tables.rollups import COUNTS
from billing.store.upsert import upsert

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement, CompoundSelect, Connection, Result, Select

    from billing.domain.stripe_json import JSON

# Of each phase that the days of some viewer's time zone have: up to when (Unix seconds) those days
# are in the rollups; None: all of them are.
PHASES = "session_rollup_phases"
SHOWN = 20  # differences

_d, _r, _s = session_deltas.c, session_rollups.c, checkout_sessions.c
_KEY = ("length", "phase", "facet", "start", "value", "source", "kind")
_BY = ("facet", "start", "value", "source", "kind")

_add = upsert(
    session_rollups,
    lambda statement: statement.on_conflict_do_update(
        index_elements=list(_KEY), set_={one: _r[one] + statement.excluded[one] for one in COUNTS}
    ),
)


def has_deltas(connection: Connection) -> bool:
    """Something has changed that is not in the rollups, or some days are not."""
    some = connection.scalar(select(_d.id).limit(1)) is not None
    return some or any(until is not None for until in phases(connection).values())


def fold(connection: Connection, limit: int) -> int:
    """Add the oldest deltas, ``limit`` at the most, to the rollups; how many there were."""
    oldest = select(_d.id).order_by(_d.id).limit(limit).subquery()
    last = connection.scalar(select(func.max(oldest.c.id)))
    if last is None:
        return 0
    chosen = by_facet(delta_counts().where(_d.id <= last))
    rows = _dicts(connection.execute(_sums(_by_period(chosen, QUARTER))))
    added: list[JSON] = []
    parts = rows
    for length in LENGTHS:
        parts = _summed(parts, length)
        added += parts
    for phase, until in phases(connection).items():
        outcomes = (one for one in rows if one["facet"] == Facet.OUTCOME)
        there = (one for one in outcomes if until is None or one["start"] < until)
        added += _summed(there, DAY, phase)
    if added:
        _add(connection, added)
    return connection.execute(delete(session_deltas).where(_d.id <= last)).rowcount


def phases(connection: Connection) -> dict[int, int | None]:
    """When the days begin that are counted, besides UTC's: see ``PHASES``."""
    saved: dict[str, int | None] = sync_state.load(connection, PHASES) or {}
    return {int(phase): until for phase, until in saved.items()}


def add_phases(connection: Connection, wanted: Iterable[int]) -> None:
    """Have days counted that begin so many seconds after UTC's: ``count_days`` does it."""
    known = phases(connection)
    new: dict[int, int | None] = dict.fromkeys(wanted, 0)
    _save_phases(connection, new | known)


def count_days(connection: Connection, limit: int) -> bool:
    """Count the days of a phase that was added, over so many more sessions; False where all
    are counted."""
    known = phases(connection)
    phase, since = next(((one, at) for one, at in known.items() if at is not None), (0, None))
    if since is None:
        return False
    following = select(_s.created).where(_s.created >= since).order_by(_s.created)
    beyond = connection.scalar(following.offset(limit).limit(1))
    until = None if beyond is None else (beyond // QUARTER + 1) * QUARTER
    # What the deltas say of them is added when those are folded.
    sessions = by_facet(session_counts().where(*_between(_s, since, until)), [Facet.OUTCOME])
    deltas = by_facet(delta_counts().where(*_between(_d, since, until)), [Facet.OUTCOME])
    parts = (_by_period(sessions, QUARTER), _by_period(deltas, QUARTER, sign=-1))
    rows = _dicts(connection.execute(_sums(*parts)))
    if added := _summed(rows, DAY, phase):
        _add(connection, added)
    _save_phases(connection, known | {phase: until})
    return True


def rebuild(connection: Connection) -> None:
    """Begin anew from the sessions, all of which have to be folded then."""
    connection.execute(delete(session_rollups))
    connection.execute(delete(session_deltas))
    every = session_counts()
    names = [str(column.key) for column in every.selected_columns]
    connection.execute(insert(session_deltas).from_select(names, every))


def grids(connection: Connection) -> list[tuple[int, int]]:
    """Length and phase of the periods that are counted whole."""
    known = phases(connection).items()
    return [(one, 0) for one in LENGTHS] + [(DAY, one) for one, until in known if until is None]


def differences(connection: Connection, length: int, phase: int) -> list[RollupDifference]:
    """Where rollups and deltas say something else than the sessions; ``SHOWN`` at the most."""
    facets = [Facet.OUTCOME] if phase else list(Facet)
    stored = select(*(_r[name] for name in (*_BY, *COUNTS)))
    parts = (
        stored.where(_r.length == length, _r.phase == phase),
        _by_period(by_facet(delta_counts(), facets), length, phase),
        _by_period(by_facet(session_counts(), facets), length, phase, sign=-1),
    )
    found = connection.execute(_sums(*parts).limit(SHOWN))
    return [RollupDifference(length, **row) for row in _dicts(found)]


def _by_period(
    rows: CompoundSelect[Any], length: int, phase: int = 0, sign: int = 1
) -> Select[Any]:
    """The same by the periods that they are counted in."""
    row = rows.subquery().c
    start = (row.created - phase) // length * length + phase
    return select(
        *(row.facet, start.label("start"), row.value, row.source, row.kind),
        *((sign * row[name]).label(name) for name in COUNTS),
    )


def _sums(*parts: Select[Any]) -> Select[Any]:
    """The sums of what the parts count, without those that are nothing."""
    row = (union_all(*parts) if len(parts) > 1 else parts[0]).subquery().c
    keys = [row[name] for name in _BY]
    sums = {name: cast(func.sum(row[name]), BigInteger) for name in COUNTS}
    return (
        select(*keys, *(one.label(name) for name, one in sums.items()))
        .group_by(*keys)
        .having(or_(*(one != 0 for one in sums.values())))
    )


def _dicts(found: Result[Any]) -> list[JSON]:
    return [dict(row) for row in found.mappings()]


def _summed(rows: Iterable[JSON], length: int, phase: int = 0) -> list[JSON]:
    """Rows of shorter periods as rows of longer ones."""
    sums: dict[tuple[Any, ...], JSON] = {}
    for row in rows:
        start = (row["start"] - phase) // length * length + phase
        key = (start, row["facet"], row["source"], row["kind"], row["value"])
        if known := sums.get(key):
            for name in COUNTS:
                known[name] += row[name]
        else:
            sums[key] = row | {"length": length, "phase": phase, "start": start}
    return list(sums.values())


def _between(table: Any, since: int, until: int | None) -> list[ColumnElement[bool]]:
    bounds: list[ColumnElement[bool]] = [table.created >= since]
    return bounds if until is None else [*bounds, table.created < until]


def _save_phases(connection: Connection, known: dict[int, int | None]) -> None:
    sync_state.save(connection, PHASES, {str(phase): until for phase, until in known.items()})
