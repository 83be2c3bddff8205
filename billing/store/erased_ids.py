"""The ids of people who were erased. What is stored of those has neither names nor addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import select

from billing.domain.erasure import anonymize, ids_in
from billing.store.tables import erased_ids
from billing.store.upsert import upsert

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Connection

    from billing.domain.stripe_json import JSON

T = TypeVar("T")

_AT_ONCE = 5_000
_e = erased_ids.c
_any = select(_e.id).limit(1)
_add = upsert(erased_ids, lambda statement: statement.on_conflict_do_nothing())


def add(connection: Connection, ids: Mapping[str, str | None], at: float) -> None:
    """Remember ids that were erased ``at`` a time (Unix seconds); each with the Customer whose
    guest payment it was, if it was one."""
    if ids:
        rows = [{"id": name, "customer": ids[name], "at": at} for name in sorted(ids)]
        _add(connection, rows)


def is_empty(connection: Connection) -> bool:
    """Nobody was erased, as nearly everywhere."""
    return connection.scalar(_any) is None


def among(connection: Connection, named: Sequence[Collection[str]]) -> list[bool]:
    """Of each collection of ids: whether one of them was erased."""
    if is_empty(connection):
        return [False] * len(named)
    names = sorted({name for some in named for name in some})
    found: set[str] = set()
    for start in range(0, len(names), _AT_ONCE):
        chosen = names[start : start + _AT_ONCE]
        found |= set(connection.scalars(select(_e.id).where(_e.id.in_(chosen))))
    return [not found.isdisjoint(some) for some in named]


def anonymize_erased(connection: Connection, found: Sequence[JSON]) -> list[JSON]:
    """The same objects of Stripe's, those of people who were erased without names and
    addresses."""
    if is_empty(connection):
        return list(found)
    erased = among(connection, [ids_in(one) for one in found])
    return [
        anonymize(one) if is_erased else one for one, is_erased in zip(found, erased, strict=True)
    ]


def sessions_of(connection: Connection, customers: Collection[str]) -> dict[str, str]:
    """The sessions that these Customers (ids) paid as guests before they were erased, each with
    its Customer."""
    rows = select(_e.id, _e.customer).where(_e.customer.in_(customers))
    return {row.id: row.customer for row in connection.execute(rows)}
