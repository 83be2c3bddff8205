"""Sessions that are searched for: what was typed stands in their text, or is their amount.

Ids of Stripe's other objects are found by their beginning, and so is everything until the texts of
older sessions have been written after an upgrade.
"""

from __future__ import annotations

from heapq import nlargest
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, tuple_, union

from billing.domain.money import THREE_DECIMAL, ZERO_DECIMAL
from billing.domain.sessions.filters import (
    SCAN_LIMIT,
    SEARCH_LIMIT,
    TRIGRAM,
    SearchedAmount,
    searched_amounts,
)
from billing.domain.sessions.page import Cursor
from billing.safe_text import sanitize
from billing.store import sync_state
from billing.store.sessions.search_texts import (
    FILLED_DOWN_TO,
    OBJECT_IDS,
    PLACES,
    holding,
)
from billing.store.tables import (
    LAST_CHARACTER,
    TERM_LENGTH,
    checkout_sessions,
    session_search,
    session_terms,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection, Select

    from billing.domain.sessions.filters import SessionFilter

END = 2**62  # above every place
# PostgreSQL's index finds all that match, in no order: of a text that many hold, the newest are
# found sooner by reading the texts of so many of the newest sessions.
WALKED = (1_000, 20_000)
FREQUENT = 100  # of the newest 1,000 texts: so many hold what is found sooner by reading on

_s, _t, _x = checkout_sessions.c, session_terms.c, session_search.c


def newest_found(
    connection: Connection,
    wanted: SessionFilter,
    conditions: Sequence[ColumnElement[bool]],
    limit: int,
    below: Cursor | None,
) -> list[Cursor]:
    """The newest sessions that are found and meet the conditions as well, in order."""
    chosen = [*chosen_among_found(wanted), *conditions]
    found: set[tuple[int, str]] = set()
    if _is_in_texts(connection, wanted):
        found |= _newest_by_text(connection, wanted, chosen, limit, below)
        parts = _by_amount(wanted)
    else:
        parts = [*_by_beginning(wanted), *_by_amount(wanted)]
    if below:
        chosen.append(tuple_(_s.created + 0, _s.id) < (below.created, below.id))
    if parts:
        some = union(*(select(part.subquery().c.id) for part in parts)).subquery()
        rows = select(_s.created, _s.id).join(some, some.c.id == _s.id).where(*chosen)
        rows = rows.order_by(_s.created.desc(), _s.id.desc()).limit(limit)
        found |= {(row.created, row.id) for row in connection.execute(rows)}
    return [Cursor(*one) for one in nlargest(limit, found)]


def candidates(connection: Connection, wanted: SessionFilter) -> Any:
    """``id`` of sessions that are found, before any other filter than that by time: of each way to
    find them the newest ``SEARCH_LIMIT``."""
    parts = _by_amount(wanted)
    if _is_in_texts(connection, wanted):
        typed, places = _typed(wanted), _places(wanted)
        walked = _texts_to_walk(connection, typed, *places)
        rows = holding(connection, typed, *places, walked=walked).limit(SEARCH_LIMIT).subquery()
        parts.append(select(rows.c.session_id.label("id")))
    else:
        parts += _by_beginning(wanted)
    return union(*(select(part.subquery().c.id) for part in parts))


def is_partial(connection: Connection, wanted: SessionFilter) -> bool:
    """More sessions hold the searched text than the other filters choose among, or there are more
    than are read for a text as short as this."""
    if not wanted.search:
        return False
    some, most = select(candidates(connection, wanted).subquery()), SEARCH_LIMIT
    if len(_typed(wanted)) < TRIGRAM and _is_in_texts(connection, wanted):
        since, until = _places(wanted)
        some, most = select(_x.place).where(_x.place >= since, _x.place < until), SCAN_LIMIT + 1
    counted = select(func.count()).select_from(some.limit(most).subquery())
    return (connection.scalar(counted) or 0) >= most


def chosen_among_found(wanted: SessionFilter) -> list[ColumnElement[bool]]:
    """The other filters, written so that no index is used: the few that were found are read by
    id."""
    return [
        func.coalesce(column, "").in_(sorted(values))
        for column, values in (
            (_s.outcome, wanted.outcomes),
            (_s.kind, {kind.value for kind in wanted.kinds}),
            (_s.source, wanted.sources),
        )
        if values
    ]


def times(
    wanted: SessionFilter, below: Cursor | None = None, table: Any = _s, id_name: str = "id"
) -> list[ColumnElement[bool]]:
    """The bounds of the filter, and those of a page, as conditions."""
    bounds: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        bounds.append(table.created >= wanted.since)
    if wanted.until is not None:
        bounds.append(table.created < wanted.until)
    if below:
        bounds.append(tuple_(table.created, table[id_name]) < (below.created, below.id))
    return bounds


def _newest_by_text(
    connection: Connection,
    wanted: SessionFilter,
    chosen: list[ColumnElement[bool]],
    limit: int,
    below: Cursor | None,
) -> set[tuple[int, str]]:
    since, until = _places(wanted)
    typed = _typed(wanted)
    most = SEARCH_LIMIT if chosen else limit
    if below:
        until = min(until, (below.created + 1) * PLACES)
        same_second = select(_x.place).where(_x.place >= below.created * PLACES, _x.place < until)
        most += connection.scalar(select(func.count()).select_from(same_second.subquery())) or 0
        chosen = [*chosen, tuple_(_s.created + 0, _s.id) < (below.created, below.id)]

    def read(until: int, since: int, most: int | None, walked: int | None) -> list[Any]:
        held = holding(connection, typed, since, until, walked=walked).limit(most).subquery()
        rows = select(held.c.place, _s.created, _s.id).join(held, held.c.session_id == _s.id)
        ordered = rows.where(*chosen).order_by(held.c.place.desc()).limit(most and limit)
        return list(connection.execute(ordered))

    ways = (*WALKED, None) if _is_in_no_order(connection, typed) else (None,)
    rows: list[Any] = []
    for walked in ways:
        if walked == WALKED[-1] and len(rows) < 2:
            continue  # there are few: the index finds them sooner
        if walked is None and chosen:
            walked = _texts_to_walk(connection, typed, since, until)
        rows = read(until, since, most, walked)
        if len(rows) == limit:
            # All of the last second: there the places are in no order of ids.
            first = rows[-1].created * PLACES
            rows += read(rows[-1].place, max(first, since), None, None)
            break
    return {(row.created, row.id) for row in rows}


def _is_in_no_order(connection: Connection, typed: str) -> bool:
    """The index finds all that match before the newest of them are known."""
    return connection.dialect.name == "postgresql" and len(typed) >= TRIGRAM


def _texts_to_walk(connection: Connection, typed: str, since: int, until: int) -> int | None:
    """How many of the newest texts hold ``SEARCH_LIMIT`` that match, or all, where those are so
    frequent that they are found sooner by reading; None where the index finds them sooner."""
    if not _is_in_no_order(connection, typed):
        return None

    def count(walked: int) -> int:
        held = holding(connection, typed, since, until, walked=walked).limit(SEARCH_LIMIT)
        return connection.scalar(select(func.count()).select_from(held.subquery())) or 0

    among_newest = count(WALKED[0])
    if among_newest < min(FREQUENT, SEARCH_LIMIT):
        return None
    walked = WALKED[0] * SEARCH_LIMIT * 3 // (2 * among_newest)  # they are not spread evenly
    within = select(_x.place).where(_x.place >= since, _x.place < until).order_by(_x.place.desc())
    is_all = connection.scalar(within.offset(walked).limit(1)) is None
    return walked if is_all or count(walked) == SEARCH_LIMIT else None


def _is_in_texts(connection: Connection, wanted: SessionFilter) -> bool:
    if _typed(wanted).startswith(OBJECT_IDS):
        return False
    return sync_state.load(connection, FILLED_DOWN_TO) is None


def _typed(wanted: SessionFilter) -> str:
    return sanitize(wanted.search.strip().lower())[:TERM_LENGTH]


def _places(wanted: SessionFilter) -> tuple[int, int]:
    since = 0 if wanted.since is None else wanted.since * PLACES
    return since, END if wanted.until is None else wanted.until * PLACES


def _by_beginning(wanted: SessionFilter) -> list[Select[Any]]:
    """Those with a term that is what was typed, some with a term or an id that begins with it."""
    typed = sanitize(wanted.search.strip())
    term = typed.lower().removeprefix("@")[:TERM_LENGTH]
    bounds = times(wanted, table=_t)
    found = [
        select(_t.session_id.label("id"))
        .where(_t.term == term, *bounds)
        .order_by(_t.created.desc(), _t.session_id.desc())
        .limit(SEARCH_LIMIT)
    ]
    if term:
        found.append(
            select(_t.session_id.label("id"))
            .where(_t.term > term, _t.term < term + LAST_CHARACTER, *bounds)
            .limit(SEARCH_LIMIT)
        )
    if typed.startswith("cs_"):
        found.append(
            select(_s.id.label("id"))
            .where(_s.id >= typed, _s.id < typed + LAST_CHARACTER, *times(wanted))
            .limit(SEARCH_LIMIT)
        )
    return found


def _by_amount(wanted: SessionFilter) -> list[Select[Any]]:
    return [
        select(_s.id.label("id"))
        .where(_s.amount_total == amount.minor_units, _in_currency(amount), *times(wanted))
        .order_by(_s.created.desc(), _s.id.desc())
        .limit(SEARCH_LIMIT)
        for amount in searched_amounts(sanitize(wanted.search.strip()))
    ]


def _in_currency(amount: SearchedAmount) -> ColumnElement[bool]:
    if amount.currency:
        return _s.currency == amount.currency
    others = sorted(ZERO_DECIMAL | THREE_DECIMAL)
    return {
        0: _s.currency.in_(sorted(ZERO_DECIMAL)),
        3: _s.currency.in_(sorted(THREE_DECIMAL)),
    }.get(amount.decimals, _s.currency.not_in(others))
