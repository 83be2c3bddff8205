"""Which sessions match a filter, as rows for the queries to read on.

Each query is answered from indexes alone and reads a bounded number of rows, so that it takes the
same time over a million sessions as over ten thousand.
"""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, exists, false, func, select, tuple_, union, union_all

from billing.domain.money import THREE_DECIMAL, ZERO_DECIMAL
from billing.domain.reason import LONG_PROCESSING_SECONDS, Reason
from billing.domain.sessions.checkout_session import Kind, Outcome
from billing.domain.sessions.filters import (
    SEARCH_LIMIT,
    SearchedAmount,
    SessionFilter,
    searched_amounts,
)
from billing.domain.sessions.source import Source
from billing.safe_text import sanitize
from billing.store.tables import (
    LAST_CHARACTER,
    TERM_LENGTH,
    checkout_sessions,
    ledger,
    session_terms,
)

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, CompoundSelect, Connection

    from billing.domain.sessions.page import Cursor

_s = checkout_sessions.c
_t = session_terms.c
STATS_COLUMNS = (
    *(_s.created, _s.id, _s.outcome, _s.currency, _s.amount_total, _s.completed_at),
    *(_s.failure_code, _s.amount_refunded, _s.amount_disputed),
)
DECLINED = (Outcome.DECLINED, Outcome.EXPIRED)  # what became of sessions that were declined
STILL_PAID = (Outcome.PAID, Outcome.PARTLY_REFUNDED)  # something is owed for the money
GRANTS_CHECKED = 500  # newest paid sessions, of each kind and source, that are looked up


def newest(wanted: SessionFilter, limit: int, below: Cursor | None = None) -> Select[Any]:
    """``created`` and ``id`` of the newest sessions that match, in order."""
    rows = matching(wanted, (_s.created, _s.id), limit=limit, below=below).subquery()
    return (
        select(rows.c.created, rows.c.id)
        .order_by(rows.c.created.desc(), rows.c.id.desc())
        .limit(limit)
    )


def matching(
    wanted: SessionFilter,
    columns: tuple[ColumnElement[Any], ...] = STATS_COLUMNS,
    *,
    limit: int | None = None,
    below: Cursor | None = None,
) -> Select[Any] | CompoundSelect[Any]:
    """Rows of the sessions that match; of more than ``limit`` the newest are among them."""
    wanted, conditions = narrowed_to_reason(wanted)
    if wanted.search:
        return _searched(wanted, columns, below).where(*conditions)
    # Of all in a time, few have another source: they are read, too.
    reads_all = limit is None and not (wanted.outcomes or wanted.kinds)
    parts = []
    for combination in _residual(wanted) if reads_all else _combinations(wanted):
        rows = select(*columns)
        here = (*combination, *_times(wanted, below))
        if wanted.reason == Reason.NOT_GRANTED:
            paid = _limited(select(_s.id).where(*here), GRANTS_CHECKED, combination).subquery()
            rows = rows.join(paid, paid.c.id == _s.id)
        else:
            rows = rows.where(*here)
        parts.append(_limited(rows.where(*conditions), limit, combination))
    if len(parts) == 1:
        return parts[0]
    return union_all(*(select(part.subquery()) for part in parts))


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
            granted = exists().where(ledger.c.session_id == _s.id)
            sold = replace(wanted, kinds=wanted.kinds or frozenset(Kind))
            return _of(sold, *STILL_PAID), [*chosen, ~granted]
        case code:
            return _of(wanted, *DECLINED), [*chosen, _s.failure_code == sanitize(code)]


def _of(wanted: SessionFilter, *outcomes: Outcome) -> SessionFilter:
    return replace(wanted, outcomes=frozenset(outcomes))


def is_partial(connection: Connection, wanted: SessionFilter) -> bool:
    """More sessions hold the searched text than are searched."""
    if not wanted.search:
        return False
    some = select(_candidates(wanted).subquery()).limit(SEARCH_LIMIT).subquery()
    return (connection.scalar(select(func.count()).select_from(some)) or 0) >= SEARCH_LIMIT


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


def _times(
    wanted: SessionFilter, below: Cursor | None, table: Any = _s, id_name: str = "id"
) -> list[ColumnElement[bool]]:
    bounds: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        bounds.append(table.created >= wanted.since)
    if wanted.until is not None:
        bounds.append(table.created < wanted.until)
    if below:
        bounds.append(tuple_(table.created, table[id_name]) < (below.created, below.id))
    return bounds


def _searched(
    wanted: SessionFilter, columns: tuple[ColumnElement[Any], ...], below: Cursor | None
) -> Select[Any]:
    """The sessions that hold the text, of which the other filters then choose."""
    found = _candidates(wanted).subquery()
    rows = select(*columns).join(found, found.c.id == _s.id)
    # Written so that no index is used: the few that were found are read by id.
    for column, values in (
        (_s.outcome, wanted.outcomes),
        (_s.kind, {kind.value for kind in wanted.kinds}),
        (_s.source, wanted.sources),
    ):
        if values:
            rows = rows.where(func.coalesce(column, "").in_(sorted(values)))
    if below:
        rows = rows.where(tuple_(_s.created + 0, _s.id) < (below.created, below.id))
    return rows


def _candidates(wanted: SessionFilter) -> CompoundSelect[Any]:
    """``id`` of the sessions that hold the searched text: the newest with a term that is the text,
    some with a term or an id that begins with it, and those of that amount."""
    typed = sanitize(wanted.search.strip())
    term = typed.lower().removeprefix("@")[:TERM_LENGTH]
    times = _times(wanted, None)
    term_times = _times(wanted, None, _t)
    exact = (
        select(_t.session_id.label("id"))
        .where(_t.term == term, *term_times)
        .order_by(_t.created.desc(), _t.session_id.desc())
        .limit(SEARCH_LIMIT)
    )
    prefixed = (
        select(_t.session_id.label("id"))
        .where(_t.term > term, _t.term < term + LAST_CHARACTER, *term_times)
        .limit(SEARCH_LIMIT if term else 0)
    )
    ids = (
        select(_s.id.label("id"))
        .where(_s.id >= typed, _s.id < typed + LAST_CHARACTER, *times)
        .limit(SEARCH_LIMIT if typed.startswith("cs_") else 0)
    )
    amounts = [
        select(_s.id.label("id"))
        .where(_s.amount_total == amount.minor_units, _in_currency(amount), *times)
        .order_by(_s.created.desc(), _s.id.desc())
        .limit(SEARCH_LIMIT)
        for amount in searched_amounts(typed)
    ]
    return union(*(select(part.subquery().c.id) for part in (exact, prefixed, ids, *amounts)))


def _in_currency(amount: SearchedAmount) -> ColumnElement[bool]:
    if amount.currency:
        return _s.currency == amount.currency
    others = sorted(ZERO_DECIMAL | THREE_DECIMAL)
    return {
        0: _s.currency.in_(sorted(ZERO_DECIMAL)),
        3: _s.currency.in_(sorted(THREE_DECIMAL)),
    }.get(amount.decimals, _s.currency.not_in(others))
