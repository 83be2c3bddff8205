"""What was typed, as sessions are found by it besides their texts: by other ids and by amount."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, select, tuple_

from billing.domain.money import THREE_DECIMAL, ZERO_DECIMAL
from billing.domain.sessions.filters import SEARCH_LIMIT, SearchedAmount, searched_amounts
from billing.safe_text import sanitize
from billing.store.tables import LAST_CHARACTER, TERM_LENGTH, checkout_sessions, session_terms

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Select

    from billing.domain.sessions.filters import SessionFilter
    from billing.domain.sessions.page import Cursor

_s, _t = checkout_sessions.c, session_terms.c


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


def by_beginning(wanted: SessionFilter) -> list[Select[Any]]:
    """``created`` and ``id`` of those with a term that is what was typed, the newest first; and of
    some with a term or an id that begins with it."""
    typed = sanitize(wanted.search.strip())
    term = typed.lower().removeprefix("@")[:TERM_LENGTH]
    bounds = times(wanted, table=_t)
    found = [
        select(_t.created, _t.session_id.label("id"))
        .where(_t.term == term, *bounds)
        .order_by(_t.created.desc(), _t.session_id.desc())
        .limit(SEARCH_LIMIT)
    ]
    if term:
        found.append(
            select(_t.created, _t.session_id.label("id"))
            .where(_t.term > term, _t.term < term + LAST_CHARACTER, *bounds)
            .limit(SEARCH_LIMIT)
        )
    if typed.startswith("cs_"):
        found.append(
            select(_s.created, _s.id)
            .where(_s.id >= typed, _s.id < typed + LAST_CHARACTER, *times(wanted))
            .limit(SEARCH_LIMIT)
        )
    return found


def by_amount(wanted: SessionFilter, limit: int, below: Cursor | None = None) -> list[Select[Any]]:
    """``created`` and ``id`` of the newest with each of the amounts that were typed."""
    return [
        select(_s.created, _s.id)
        .where(amount, *times(wanted, below))
        .order_by(_s.created.desc(), _s.id.desc())
        .limit(limit)
        for amount in amounts(wanted)
    ]


def amounts(wanted: SessionFilter) -> list[ColumnElement[bool]]:
    """Of each amount that what was typed can mean: a session has it."""
    return [
        and_(_s.amount_total == amount.minor_units, _in_currency(amount))
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
