"""The sessions that a search finds, as pages show them and as figures count them.

A text that many sessions hold is found by reading the newest texts one by one, one that few hold by
the index, and where few sessions meet the other filters those are read: so a search takes about as
long however many match it.
"""

from __future__ import annotations

from dataclasses import replace
from heapq import nlargest
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select, tuple_, union

from billing.domain.sessions.filters import SCAN_LIMIT, SEARCH_LIMIT, TRIGRAM
from billing.domain.sessions.page import Cursor
from billing.safe_text import sanitize
from billing.store import sync_state
from billing.store.sessions.search.terms import amounts, by_amount, by_beginning, times
from billing.store.sessions.search.texts import (
    FILLED_DOWN_TO,
    OBJECT_IDS,
    PLACES,
    holding,
    holds,
)
from billing.store.tables import TERM_LENGTH, checkout_sessions, session_search

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import CTE, ColumnElement, CompoundSelect, Connection, Select, Subquery

    from billing.domain.sessions.filters import SessionFilter

END = 2**62  # above every place
NEWEST = 1_000  # texts that are read first
# Then so many, where the index tells nothing of the order or nothing of the other filters.
NEWER = 20_000
SECOND = 1_000_000  # more sessions than are created in one
FREQUENT = 100  # of the newest texts: so many hold what is found sooner by reading on

_s, _x = checkout_sessions.c, session_search.c


def newest_found(
    connection: Connection,
    wanted: SessionFilter,
    conditions: Sequence[ColumnElement[bool]],
    limit: int,
    below: Cursor | None,
) -> list[Cursor]:
    """The newest sessions that are found and meet the conditions as well, in order."""
    chosen = [*chosen_among_found(wanted), *conditions]
    most = SEARCH_LIMIT if chosen else limit
    found: set[tuple[int, str]] = set()
    others = [[one] for one in by_amount(wanted, most, below)]
    if is_in_texts(connection, wanted):
        found |= _newest_by_text(connection, wanted, chosen, limit, below)
    else:
        others.append(by_beginning(wanted))
    if below:
        chosen.append(tuple_(_s.created + 0, _s.id) < (below.created, below.id))
    for parts in others:
        rows = _joined(_together(parts).subquery(), chosen).order_by(
            _s.created.desc(), _s.id.desc()
        )
        found |= {(row.created, row.id) for row in connection.execute(rows.limit(limit))}
    return [Cursor(*one) for one in nlargest(limit, found)]


def newest_among(
    connection: Connection,
    wanted: SessionFilter,
    some: Subquery,
    conditions: Sequence[ColumnElement[bool]],
    limit: int,
    below: Cursor | None,
) -> list[Cursor]:
    """``newest_found`` among ``some`` (``created`` and ``id``), each of which is looked at."""
    chosen = [*chosen_among_found(wanted), *times(wanted, below), *conditions]
    rows = (
        _joined(some, chosen)
        .outerjoin(session_search, _x.session_id == _s.id)
        .where(or_(holds(connection, _x.text, _typed(wanted)), *amounts(wanted)))
        .order_by(_s.created.desc(), _s.id.desc())
        .limit(limit)
    )
    return [Cursor(row.created, row.id) for row in connection.execute(rows)]


def candidates(connection: Connection, wanted: SessionFilter) -> CTE:
    """``created`` and ``id`` of sessions that are found, before any other filter than that by time:
    of each way to find them the newest ``SEARCH_LIMIT``."""
    parts = by_amount(wanted, SEARCH_LIMIT)
    if is_in_texts(connection, wanted):
        typed, places = _typed(wanted), _places(wanted)
        walked = _texts_to_walk(connection, typed, *places)
        rows = holding(connection, typed, *places, walked=walked).limit(SEARCH_LIMIT).subquery()
        parts.append(select(rows.c.created, rows.c.id))
    else:
        parts += by_beginning(wanted)
    return _together(parts).cte()


def is_partial(connection: Connection, wanted: SessionFilter, found: int | None = None) -> bool:
    """More sessions hold the searched text than the other filters choose among, or there are more
    than are read for a text as short as this. ``found`` is how many candidates there are, where
    that is known."""
    some, most = None, SEARCH_LIMIT
    if len(_typed(wanted)) < TRIGRAM and is_in_texts(connection, wanted):
        since, until = _places(wanted)
        some, most = select(_x.place).where(_x.place >= since, _x.place < until), SCAN_LIMIT + 1
    elif found is None:
        some = select(candidates(connection, wanted))
    if some is not None:
        found = connection.scalar(select(func.count()).select_from(some.limit(most).subquery()))
    return (found or 0) >= most


def searched_in_part(
    connection: Connection,
    wanted: SessionFilter,
    conditions: Sequence[ColumnElement[bool]],
    below: Cursor | None,
) -> bool:
    """``is_partial`` of what ``newest_found`` finds: without other filters it finds all."""
    chooses = conditions or chosen_among_found(wanted)
    if not chooses and len(_typed(wanted)) >= TRIGRAM and is_in_texts(connection, wanted):
        return False
    if below:
        wanted = replace(wanted, until=min(wanted.until or END, below.created + 1))
    return is_partial(connection, wanted)


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


def is_in_texts(connection: Connection, wanted: SessionFilter) -> bool:
    """What was typed is looked for in the texts, and not only as the beginning of a term."""
    if _typed(wanted).startswith(OBJECT_IDS):
        return False
    return sync_state.load(connection, FILLED_DOWN_TO) is None


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
    is_streamed = not chosen and not _is_in_no_order(connection, typed)
    if below:
        until = min(until, (below.created + 1) * PLACES)
        same_second = select(_x.place).where(_x.place >= below.created * PLACES, _x.place < until)
        most += connection.scalar(select(func.count()).select_from(same_second.subquery())) or 0
        chosen = [*chosen, tuple_(_s.created + 0, _s.id) < (below.created, below.id)]

    def read(until: int, since: int, walked: int | None, most: int, limit: int) -> list[Any]:
        held = holding(connection, typed, since, until, walked=walked).limit(most).subquery()
        rows = _joined(held, chosen).add_columns(held.c.place).order_by(held.c.place.desc())
        return list(connection.execute(rows.limit(limit)))

    rows: list[Any] = []
    for walked in (NEWEST, None) if is_streamed else (NEWEST, NEWER, None):
        if walked == NEWER and len(rows) < 2:
            continue  # there are few: the index finds them sooner
        if walked is None and not is_streamed and chosen:
            walked = _texts_to_walk(connection, typed, since, until)
        rows = read(until, since, walked, most, limit)
        if len(rows) == limit:
            # All of the last second: there the places are in no order of ids.
            first = rows[-1].created * PLACES
            rows += read(rows[-1].place, max(first, since), *(SECOND,) * 3)
            break
    return {(row.created, row.id) for row in rows}


def _is_in_no_order(connection: Connection, typed: str) -> bool:
    """The index finds all that match before the newest of them are known."""
    return connection.dialect.name == "postgresql" and len(typed) >= TRIGRAM


def _texts_to_walk(connection: Connection, typed: str, since: int, until: int) -> int | None:
    """How many of the newest texts hold ``SEARCH_LIMIT`` that match, or all, where those are so
    frequent that they are found sooner by reading; None where the index finds them sooner."""
    if len(typed) < TRIGRAM:
        return None

    def count(walked: int) -> int:
        held = holding(connection, typed, since, until, walked=walked).limit(SEARCH_LIMIT)
        return connection.scalar(select(func.count()).select_from(held.subquery())) or 0

    among_newest = count(NEWEST)
    if among_newest < min(FREQUENT, SEARCH_LIMIT):
        return None
    walked = NEWEST * SEARCH_LIMIT * 3 // (2 * among_newest)  # they are not spread evenly
    within = select(_x.place).where(_x.place >= since, _x.place < until).order_by(_x.place.desc())
    is_all = connection.scalar(within.offset(walked).limit(1)) is None
    return walked if is_all or count(walked) == SEARCH_LIMIT else None


def _typed(wanted: SessionFilter) -> str:
    return sanitize(wanted.search.strip().lower())[:TERM_LENGTH]


def _places(wanted: SessionFilter) -> tuple[int, int]:
    since = 0 if wanted.since is None else wanted.since * PLACES
    return since, END if wanted.until is None else wanted.until * PLACES


def _joined(some: Subquery, conditions: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """``created`` and ``id`` of those that meet the conditions, from the index by time."""
    is_same = and_(some.c.created == _s.created, some.c.id == _s.id)
    return select(_s.created, _s.id).join(some, is_same).where(*conditions)


def _together(parts: Sequence[Select[Any]]) -> CompoundSelect[Any]:
    return union(*(select(part.subquery()) for part in parts))
