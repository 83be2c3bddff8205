"""Which sessions match a filter: page by page, or as rows to calculate with.

Each question is answered from indexes alone and looks at a bounded number of rows, so that it
takes the same time over a million sessions as over ten thousand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, func, literal, select, tuple_, union, union_all

from billing.domain.checkout_session import CheckoutSession, Kind, Outcome
from billing.domain.money import THREE_DECIMAL, ZERO_DECIMAL
from billing.domain.session_filter import (
    COUNTED,
    SEARCHED,
    Cursor,
    SearchedAmount,
    SessionFilter,
    searched_amounts,
)
from billing.json_codec import loads
from billing.safe_text import sanitize
from billing.store.readable_rows import read_each
from billing.store.sessions.copies import SESSION, TERM_LENGTH, session_of
from billing.store.tables import LAST_CHARACTER, checkout_sessions, session_terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import ColumnElement, CompoundSelect, Connection


_s = checkout_sessions.c
_t = session_terms.c
FACTS = (_s.created, _s.id, _s.outcome, _s.currency, _s.amount_total, _s.completed_at)

JSON = dict[str, Any]


@dataclass(frozen=True)
class SessionPage:
    """Sessions, the newest first; ``older`` is the place of the last when more lie below it."""

    sessions: tuple[CheckoutSession, ...]
    older: Cursor | None


@dataclass(frozen=True)
class StoredSession:
    """A session as we keep it: Stripe's object, what we read of it, and when Checkout was
    completed (Unix seconds) as far as an event has told."""

    data: JSON
    session: CheckoutSession
    completed_at: int | None


def page(
    connection: Connection, wanted: SessionFilter, limit: int, below: Cursor | None = None
) -> SessionPage:
    """The newest sessions that match, or those below a place."""
    found = connection.execute(newest(wanted, limit + 1, below)).all()
    shown = by_ids(connection, [row.id for row in found[:limit]])
    last = found[limit - 1] if len(found) > limit else None
    return SessionPage(shown, Cursor(last.created, last.id) if last else None)


def by_ids(connection: Connection, ids: Sequence[str]) -> tuple[CheckoutSession, ...]:
    """These sessions, in this order; what we have no copy of is left out."""
    return tuple(one.session for one in stored(connection, ids))


def stored(connection: Connection, ids: Sequence[str]) -> list[StoredSession]:
    """Our copies of these, in this order; what we have no copy of is left out."""
    rows = connection.execute(select(*SESSION, _s.completed_at).where(_s.id.in_(ids))).all()
    found = dict(read_each(rows, _stored_session))
    return [found[one] for one in ids if one in found]


def _stored_session(row: Any) -> tuple[str, StoredSession]:
    return row.id, StoredSession(loads(row.data), session_of(row), row.completed_at)


def count_new(
    connection: Connection, wanted: SessionFilter, shown: Sequence[str], end: Cursor | None
) -> int:
    """How many match and belong on the first page, where these are ``shown``: made since, or
    changed so that they match now. ``end`` is the page's last place, None when it is not full;
    over ``COUNTED`` that many and more."""
    if end:
        wanted = replace(wanted, since=max(end.created, wanted.since or 0))
    most = COUNTED + 1 + len(shown)
    rows = matching(wanted, (_s.id, _s.created), most=most).subquery().c
    new = select(rows.id).where(rows.id.not_in(shown))
    if end:
        new = new.where(tuple_(rows.created, rows.id) > (end.created, end.id))
    some = new.limit(COUNTED + 1).subquery()
    return connection.scalar(select(func.count()).select_from(some)) or 0


def searched_too_many(connection: Connection, wanted: SessionFilter) -> bool:
    """More sessions hold the searched text than are looked through."""
    if not wanted.search:
        return False
    some = select(_candidates(wanted).subquery()).limit(SEARCHED).subquery()
    return (connection.scalar(select(func.count()).select_from(some)) or 0) >= SEARCHED


def iter_stored(
    connection: Connection, wanted: SessionFilter, most: int
) -> Iterator[StoredSession]:
    """All that match, the newest first, ``most`` at the most."""
    found = connection.execute(newest(wanted, most)).all()
    for start in range(0, len(found), 500):
        yield from stored(connection, [row.id for row in found[start : start + 500]])


def newest(wanted: SessionFilter, limit: int, below: Cursor | None = None) -> Select[Any]:
    """``created`` and ``id`` of the newest that match."""
    rows = matching(wanted, (_s.created, _s.id), most=limit, below=below).subquery()
    return (
        select(rows.c.created, rows.c.id)
        .order_by(rows.c.created.desc(), rows.c.id.desc())
        .limit(limit)
    )


def matching(
    wanted: SessionFilter,
    columns: tuple[ColumnElement[Any], ...] = FACTS,
    *,
    most: int | None = None,
    below: Cursor | None = None,
) -> Select[Any] | CompoundSelect[Any]:
    """Rows of the sessions that match; the newest ``most`` are among them."""
    if wanted.search:
        return _searched(wanted, columns, below)
    parts = [
        _limited(select(*columns).where(*combination, *_times(wanted, below)), most)
        for combination in _combinations(wanted)
    ]
    if len(parts) == 1:
        return parts[0]
    return union_all(*(select(part.subquery()) for part in parts))


def _limited(rows: Select[Any], most: int | None) -> Select[Any]:
    if most is None:
        return rows
    return rows.order_by(_s.created.desc(), _s.id.desc()).limit(most)


def _combinations(wanted: SessionFilter) -> list[list[ColumnElement[bool]]]:
    """The filter as alternatives, each of which is one stretch of one index."""
    if not (wanted.outcomes or wanted.kinds or wanted.only_ours):
        return [[]]
    sold: list[tuple[Kind | None, bool]] = [(kind, True) for kind in wanted.kinds or Kind]
    if not wanted.kinds:
        sold += [(None, True)] if wanted.only_ours else [(None, True), (None, False)]
    return [
        [
            _s.outcome == outcome,
            _s.kind.is_(None) if kind is None else _s.kind == kind.value,
            _s.ours == literal(ours),
        ]
        for outcome, (kind, ours) in product(
            sorted(wanted.outcomes) or Outcome, sorted(sold, key=str)
        )
    ]


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


# Searching ------------------------------------------------------------------------------------


def _searched(
    wanted: SessionFilter, columns: tuple[ColumnElement[Any], ...], below: Cursor | None
) -> Select[Any]:
    """The sessions that hold the text, then those of them that the other filters let through."""
    found = _candidates(wanted).subquery()
    rows = select(*columns).join(found, found.c.id == _s.id)
    # In these conditions no index can be used: the few that were found are looked at, by id.
    for column, values in (
        (_s.outcome, wanted.outcomes),
        (_s.kind, {kind.value for kind in wanted.kinds}),
    ):
        if values:
            rows = rows.where(func.coalesce(column, "").in_(sorted(values)))
    if wanted.only_ours:
        rows = rows.where(func.coalesce(_s.ours, literal(False)) == literal(True))
    if below:
        rows = rows.where(tuple_(_s.created + 0, _s.id) < (below.created, below.id))
    return rows


def _candidates(wanted: SessionFilter) -> CompoundSelect[Any]:
    """``id`` of what holds the searched text: the newest that hold exactly it, some of those that
    hold what begins with it, and those of that amount."""
    typed = sanitize(wanted.search.strip())
    term = typed.lower().removeprefix("@")[:TERM_LENGTH]
    times = _times(wanted, None)
    term_times = _times(wanted, None, _t)
    exact = (
        select(_t.session_id.label("id"))
        .where(_t.term == term, *term_times)
        .order_by(_t.created.desc(), _t.session_id.desc())
        .limit(SEARCHED)
    )
    beginning = (
        select(_t.session_id.label("id"))
        .where(_t.term > term, _t.term < term + LAST_CHARACTER, *term_times)
        .limit(SEARCHED if term else 0)
    )
    ids = (
        select(_s.id.label("id"))
        .where(_s.id >= typed, _s.id < typed + LAST_CHARACTER, *times)
        .limit(SEARCHED if typed.startswith("cs_") else 0)
    )
    amounts = [
        select(_s.id.label("id"))
        .where(_s.amount_total == amount.minor_units, _in_currency(amount), *times)
        .order_by(_s.created.desc(), _s.id.desc())
        .limit(SEARCHED)
        for amount in searched_amounts(typed)
    ]
    return union(*(select(part.subquery().c.id) for part in (exact, beginning, ids, *amounts)))


def _in_currency(amount: SearchedAmount) -> ColumnElement[bool]:
    if amount.currency:
        return _s.currency == amount.currency
    odd = sorted(ZERO_DECIMAL | THREE_DECIMAL)
    return {
        0: _s.currency.in_(sorted(ZERO_DECIMAL)),
        3: _s.currency.in_(sorted(THREE_DECIMAL)),
    }.get(amount.decimals, _s.currency.not_in(odd))
