"""Customers read from the store: pages of those that match a filter, some by key, one.

Each query is answered from indexes and reads a bounded number of rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select, tuple_, union, union_all

from billing.domain.customers.customer import Customer, ProNote, ProStatus
from billing.domain.customers.page import (
    COUNT_LIMIT,
    SCAN_LIMIT,
    SEARCH_LIMIT,
    Cursor,
    CustomerFilter,
    CustomerPage,
)
from billing.json_codec import loads
from billing.safe_text import sanitize
from billing.store.readable_rows import read_each
from billing.store.tables import LAST_CHARACTER, TERM_LENGTH, customers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sqlalchemy import Connection, Select

_c = customers.c
_AT_ONCE = 500
_COLUMNS = tuple(_c[name] for name in Customer.__dataclass_fields__)
_PLACE = (_c.last_activity, _c.key)
_FLAGS = (False, True)


@dataclass(frozen=True)
class Rivals:
    """The Customers with one email: how many, and the keys of two of them at the most."""

    number: int
    keys: frozenset[str]


def page(
    connection: Connection, wanted: CustomerFilter, limit: int, below: Cursor | None = None
) -> CustomerPage:
    """The last active customers that match, or those below a cursor; ``limit`` at the most."""
    found = connection.execute(_matching(wanted, limit + 1, below)).all()
    last = found[limit - 1] if len(found) > limit else None
    return CustomerPage(
        get_many(connection, [row.key for row in found[:limit]]),
        Cursor(last.last_activity, last.key) if last else None,
    )


def get_many(connection: Connection, keys: Sequence[str]) -> tuple[Customer, ...]:
    """The customers of these keys, in this order, without those that are not stored."""
    rows = connection.execute(select(*_COLUMNS, _c.key.label("id")).where(_c.key.in_(keys))).all()
    found = {one.key: one for one in read_each(rows, _customer)}
    return tuple(found[key] for key in keys if key in found)


def get(connection: Connection, key: str) -> Customer | None:
    """One customer; None when there is none of that key."""
    return next(iter(get_many(connection, [sanitize(key)])), None)


def count_new(
    connection: Connection, wanted: CustomerFilter, shown: Sequence[str], end: Cursor | None
) -> int:
    """How many customers match and belong on a first page that shows the keys ``shown``. ``end``
    is where the next page begins, None when there is none. A number over ``COUNT_LIMIT`` means
    that many and more."""
    rows = _matching(wanted, COUNT_LIMIT + 1 + len(shown)).subquery().c
    new = select(rows.key).where(rows.key.not_in(shown))
    if end:
        here = tuple_(rows.last_activity, rows.key)
        new = new.where(here > (end.last_activity, end.key))
    bounded = new.limit(COUNT_LIMIT + 1).subquery()
    return connection.scalar(select(func.count()).select_from(bounded)) or 0


def iter_matching(connection: Connection, wanted: CustomerFilter, limit: int) -> Iterator[Customer]:
    """The customers that match, the last active first; ``limit`` at the most."""
    found = connection.execute(_matching(wanted, limit)).all()
    for start in range(0, len(found), _AT_ONCE):
        yield from get_many(connection, [row.key for row in found[start : start + _AT_ONCE]])


def previous_emails(connection: Connection, keys: Collection[str]) -> set[str]:
    """The emails of the rows of these keys, as they are stored."""
    rows = select(_c.email).where(_c.key.in_(keys), _c.email.is_not(None))
    return {email for email in connection.scalars(rows) if email}


def with_emails(
    connection: Connection, emails: Collection[str], besides: Collection[str]
) -> dict[str, Rivals]:
    """The Customers ``besides`` these keys that have one of these emails, by the email."""
    rows = (
        select(_c.email, func.count(), func.min(_c.key), func.max(_c.key))
        .where(_c.email.in_(emails), _c.customer.is_not(None), _c.key.not_in(besides))
        .group_by(_c.email)
    )
    return {
        email: Rivals(number, frozenset((first, last)))
        for email, number, first, last in connection.execute(rows)
    }


def _matching(wanted: CustomerFilter, limit: int, below: Cursor | None = None) -> Select[Any]:
    """Place and key of the customers that match, in order."""
    if wanted.search:
        rows = _searched(wanted, below)
    elif wanted == CustomerFilter():
        rows = select(*_PLACE).where(*_below(below))
    else:  # each combination is one range of one index
        parts = [
            select(*_PLACE)
            .where(
                *(_c.pro == pro, _c.has_refunds == refunds, _c.has_disputes == disputes),
                *_below(below),
            )
            .order_by(*(one.desc() for one in _PLACE))
            .limit(limit)
            .subquery()
            for pro, refunds, disputes in product(
                sorted(wanted.pro) or ProStatus,
                (True,) if wanted.with_refunds else _FLAGS,
                (True,) if wanted.with_disputes else _FLAGS,
            )
        ]
        together = union_all(*(select(part) for part in parts)).subquery()
        rows = select(together.c.last_activity, together.c.key)
    return rows.order_by(*(one.desc() for one in rows.selected_columns)).limit(limit)


def _searched(wanted: CustomerFilter, below: Cursor | None) -> Select[Any]:
    """The customers whose email or id begins with the text, or of the last active holds it; of
    which the filters then choose."""
    typed = sanitize(wanted.search.strip())
    parts = [
        select(_c.key)
        .where(column >= text, column < text + LAST_CHARACTER)
        .limit(SEARCH_LIMIT)
        .subquery()
        for column, text in ((_c.email, typed.lower()[:TERM_LENGTH]), (_c.key, typed))
    ]
    newest = select(_c.key, _c.email).order_by(*(one.desc() for one in _PLACE)).limit(SCAN_LIMIT)
    active = newest.subquery()
    lower = typed.lower()
    held = or_(*(func.lower(one).contains(lower, autoescape=True) for one in active.c))
    parts.append(select(active.c.key).where(held).subquery())
    found = union(*(select(part.c.key) for part in parts)).subquery()
    rows = select(*_PLACE).join(found, found.c.key == _c.key).where(*_below(below))
    # Written so that no index is used: the few that were found are read by key.
    if wanted.pro:
        rows = rows.where(func.coalesce(_c.pro, "").in_(sorted(wanted.pro)))
    if wanted.with_refunds:
        rows = rows.where(_c.has_refunds)
    if wanted.with_disputes:
        rows = rows.where(_c.has_disputes)
    return rows


def _below(cursor: Cursor | None) -> list[Any]:
    return [tuple_(*_PLACE) < (cursor.last_activity, cursor.key)] if cursor else []


def _customer(row: Any) -> Customer:
    values = {name: getattr(row, name) for name in Customer.__dataclass_fields__}
    amounts = {name: loads(values[name]) for name in ("paid", "refunded", "disputed")}
    note = row.pro_note
    states = {"pro": ProStatus(row.pro), "pro_note": ProNote(note) if note else None}
    return Customer(**{**values, **amounts, **states})
