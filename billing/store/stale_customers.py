"""Whose row in ``customers`` has to be calculated anew.

Whatever changes a customer's sessions, lines or Stripe objects marks them in its transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, func, or_, select

from billing.store.tables import stale_customers
from billing.store.upsert import upsert

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection

_c = stale_customers.c
_AT_ONCE = 400  # conditions of one statement

_mark = upsert(
    stale_customers,
    lambda statement: statement.on_conflict_do_update(
        index_elements=["name"], set_={"marks": _c.marks + statement.excluded.marks}
    ),
)


def mark(connection: Connection, names: Iterable[str | None]) -> None:
    """Mark whose these are: ids of Customers, emails in lower case, ids by which sessions of
    theirs are found. None is nobody's."""
    if chosen := sorted({name for name in names if name}):
        _mark(connection, [{"name": name, "marks": 1} for name in chosen])


def first(connection: Connection, limit: int) -> dict[str, int]:
    """Some of the names, each with how often it was marked."""
    rows = select(_c.name, _c.marks).order_by(_c.name).limit(limit)
    return {row.name: row.marks for row in connection.execute(rows)}


def count(connection: Connection, limit: int) -> int:
    """How many names are marked; ``limit`` means that many and more."""
    some = select(_c.name).limit(limit).subquery()
    return connection.scalar(select(func.count()).select_from(some)) or 0


def unmark(connection: Connection, marked: Mapping[str, int]) -> None:
    """Remove what ``first`` found, but for what has been marked again since."""
    names = list(marked)
    for start in range(0, len(names), _AT_ONCE):
        some = names[start : start + _AT_ONCE]
        unchanged = (and_(_c.name == name, _c.marks == marked[name]) for name in some)
        connection.execute(delete(stale_customers).where(or_(*unchanged)))


def are_marked(connection: Connection, names: Iterable[str]) -> bool:
    """All of these names are marked."""
    chosen = set(names)
    rows = select(func.count()).select_from(stale_customers).where(_c.name.in_(chosen))
    return connection.scalar(rows) == len(chosen)
