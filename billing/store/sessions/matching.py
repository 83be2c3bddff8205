"""Which sessions match a filter, as rows for the queries to read on.

Each query is answered from indexes alone and reads a bounded number of rows, so that it takes the
same time over a million sessions as over ten thousand.
"""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, and_, false, func, select, union_all

from billing.domain.reason import LONG_PROCESSING_SECONDS, Reason
from billing.domain.sessions.checkout_session import Kind, Outcome
from billing.domain.sessions.filters import (
    SessionFilter,
)
from billing.domain.sessions.page import Cursor
from billing.domain.sessions.source import Source
from billing.safe_text import sanitize
from billing.store.sessions.search import (
    candidates,
    chosen_among_found,
    is_in_texts,
    newest_among,
    newest_found,
    searched_in_part,
    times,
)
from billing.store.tables import (
    checkout_sessions,
    ledger,
    session_terms,
)

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, CompoundSelect, Connection, Subquery

_s = checkout_sessions.c
_t = session_terms.c
STATS_COLUMNS = (
    *(_s.created, _s.id, _s.outcome, _s.currency, _s.amount_total, _s.completed_at),
    *(_s.failure_code, _s.amount_refunded, _s.amount_disputed),
)
DECLINED = (Outcome.DECLINED, Outcome.EXPIRED)  # what became of sessions that were declined
STILL_PAID = (Outcome.PAID, Outcome.PARTLY_REFUNDED)  # something is owed for the money
FEW = 1_000  # sessions with an outcome: so many are read for what is searched
GRANTS_CHECKED = 500  # newest paid sessions, of each kind and source, that are looked up


def newest(
    connection: Connection, wanted: SessionFilter, limit: int, below: Cursor | None = None
) -> list[Cursor]:
    """The newest sessions that match, in order."""
    if wanted.search:
        narrowed, conditions = narrowed_to_reason(wanted)
        if (few := _few(connection, narrowed)) is not None:
            return newest_among(connection, narrowed, few, conditions, limit, below)
        return newest_found(connection, narrowed, conditions, limit, below)
    rows = matching(connection, wanted, (_s.created, _s.id), limit=limit, below=below).subquery()
    ordered = (
        select(rows.c.created, rows.c.id)
        .order_by(rows.c.created.desc(), rows.c.id.desc())
        .limit(limit)
    )
    return [Cursor(row.created, row.id) for row in connection.execute(ordered)]


def leaves_out(connection: Connection, wanted: SessionFilter, below: Cursor | None = None) -> bool:
    """More sessions below the cursor hold the searched text than the other filters choose among, or
    than are read for a text as short as this."""
    narrowed, conditions = narrowed_to_reason(wanted)
    if not wanted.search or _few(connection, narrowed) is not None:
        return False
    return searched_in_part(connection, narrowed, conditions, below)


def matching(
    connection: Connection,
    wanted: SessionFilter,
    columns: tuple[ColumnElement[Any], ...] = STATS_COLUMNS,
    *,
    limit: int | None = None,
    below: Cursor | None = None,
) -> Select[Any] | CompoundSelect[Any]:
    """Rows of the sessions that match; of more than ``limit`` the newest are among them."""
    wanted, conditions = narrowed_to_reason(wanted)
    if wanted.search:
        found = candidates(connection, wanted)
        is_same = and_(found.c.created == _s.created, found.c.id == _s.id)
        rows = select(*columns).join(found, is_same)
        return rows.where(*chosen_among_found(wanted), *conditions)
    # Of all in a time, few have another source: they are read, too.
    reads_all = limit is None and not (wanted.outcomes or wanted.kinds)
    parts = []
    for combination in _residual(wanted) if reads_all else _combinations(wanted):
        rows = select(*columns)
        here = (*combination, *times(wanted, below))
        if wanted.reason == Reason.NOT_GRANTED:
            paid = _limited(select(_s.id).where(*here), GRANTS_CHECKED, combination).subquery()
            rows = rows.join(paid, paid.c.id == _s.id)
        else:
            rows = rows.where(*here)
        parts.append(_limited(rows.where(*conditions), limit, combination))
    if len(parts) == 1:
        return parts[0]
    return union_all(*(select(part.subquery()) for part in parts))


def _few(connection: Connection, narrowed: SessionFilter) -> Subquery | None:
    """``created`` and ``id`` of all sessions with the outcomes of the filter, where those are few
    and texts are searched."""
    if not (narrowed.outcomes and is_in_texts(connection, narrowed)):
        return None
    parts = [
        select(_s.created, _s.id)
        .where(_s.outcome == outcome)
        .order_by(_s.kind, _s.source, _s.created)  # as the index is sorted
        .limit(FEW + 1)
        for outcome in sorted(narrowed.outcomes)
    ]
    some = union_all(*(select(part.subquery()) for part in parts)).subquery()
    number = connection.scalar(select(func.count()).select_from(some)) or 0
    return some if number <= FEW else None


def narrowed_to_reason(wanted: SessionFilter) -> tuple[SessionFilter, list[ColumnElement[bool]]]:
    """The filter with the outcomes of its reason, and what has to hold besides."""
    if not wanted.reason:
        return wanted, []
    chosen: list[ColumnElement[bool]] = []
    if wanted.outcomes:
        chosen.append(func.coalesce(_s.outcome, "").in_(sorted(wanted.outcomes)))
    match wanted.reason:
        case Reason.ABANDONED:
            return _of(wanted, Outcome.EXPIRED), [*chosen, _s.failure_code.is_(None)]
        case Reason.EXPIRED_DECLINED:
            return _of(wanted, Outcome.EXPIRED), [*chosen, _s.failure_code.is_not(None)]
        case Reason.FAILED_DEBIT:
            return _of(wanted, Outcome.FAILED), chosen
        case Reason.STILL_DECLINED:
            return _of(wanted, Outcome.DECLINED), chosen
        case Reason.LONG_PROCESSING:
            end = int(time.time() - LONG_PROCESSING_SECONDS) // 60 * 60
            until = end if wanted.until is None else min(end, wanted.until)
            return replace(_of(wanted, Outcome.PROCESSING), until=until), chosen
        case Reason.NOT_GRANTED:
            sold = replace(wanted, kinds=wanted.kinds or frozenset(Kind))
            return _of(sold, *STILL_PAID), [*chosen, ~is_granted()]
        case code:
            return _of(wanted, *DECLINED), [*chosen, _s.failure_code == sanitize(code)]


def is_granted() -> ColumnElement[bool]:
    """A session has a line in the ledger. It is looked up for each: PostgreSQL would read the whole
    ledger for an ``EXISTS`` that it expects to need often."""
    line = select(ledger.c.session_id).where(ledger.c.session_id == _s.id).limit(1)
    return line.scalar_subquery().is_not(None)


def _of(wanted: SessionFilter, *outcomes: Outcome) -> SessionFilter:
    return replace(wanted, outcomes=frozenset(outcomes))


def _limited(
    rows: Select[Any], limit: int | None, combination: list[ColumnElement[bool]]
) -> Select[Any]:
    if limit is None:
        return rows
    # The kind is the same in all of them. To PostgreSQL ``IS NULL`` does not say so: by time alone
    # it would read the index by time, past all that are of another outcome.
    kind = (_s.kind.desc(),) if combination else ()
    return rows.order_by(*kind, _s.created.desc(), _s.id.desc()).limit(limit)


def _combinations(wanted: SessionFilter) -> list[list[ColumnElement[bool]]]:
    """The filter as alternatives, each of which is one range of one index."""
    if not (wanted.outcomes or wanted.kinds or wanted.sources):
        return [[]]
    kinds: list[Kind | None] = [*(sorted(wanted.kinds) or Kind)]
    if not wanted.kinds:
        kinds.append(None)
    combinations: list[list[ColumnElement[bool]]] = [
        [
            _s.outcome == outcome,
            _s.kind.is_(None) if kind is None else _s.kind == kind.value,
            _s.source == source,
        ]
        for outcome, kind, source in product(
            sorted(wanted.outcomes) or Outcome, kinds, sorted(wanted.sources) or Source
        )
        if kind is None or source is not Source.OTHER  # what other apps sell is not known
    ]
    return combinations or [[false()]]


def _residual(wanted: SessionFilter) -> list[list[ColumnElement[bool]]]:
    """The sources alone, written so that they are read from the index by time."""
    if not wanted.sources:
        return [[]]
    return [[func.coalesce(_s.source, "").in_(sorted(wanted.sources))]]
