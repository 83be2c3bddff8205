"""The Prices that settings have named: what was sold at one stays sold when another is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from billing.store.tables import sold_prices
from billing.store.upsert import upsert

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from billing.domain.sessions.checkout_session import Kind

_add = upsert(sold_prices, lambda statement: statement.on_conflict_do_nothing())


def add(connection: Connection, kind: Kind, price_id: str) -> frozenset[str]:
    """Store that a setting names this Price for ``kind``; the ids of all that have been."""
    _add(connection, [{"kind": kind, "price_id": price_id}])
    named = select(sold_prices.c.price_id).where(sold_prices.c.kind == kind)
    return frozenset(connection.scalars(named))
