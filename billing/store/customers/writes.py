"""Storing the rows of customers."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from sqlalchemy import delete, or_

from billing.json_codec import dumps
from billing.store import sync_state
from billing.store.tables import customers
from billing.store.upsert import upsert

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

    from billing.domain.customers.customer import Customer

VERSION = "customers_version"  # in the state
_AT_ONCE = 5_000
_AMOUNTS = ("paid", "refunded", "disputed")
_upsert = upsert(
    customers,
    lambda statement: statement.on_conflict_do_update(
        index_elements=["key"],
        set_={one.name: statement.excluded[one.name] for one in customers.c if one.name != "key"},
    ),
)


def replace(connection: Connection, found: Collection[Customer], missing: Collection[str]) -> None:
    """Store these customers, and delete the rows of the ``missing`` keys."""
    keys = list(missing)
    for start in range(0, len(keys), _AT_ONCE):
        some = keys[start : start + _AT_ONCE]
        connection.execute(delete(customers).where(customers.c.key.in_(some)))
    if found:
        rows = [
            {**vars(one), **{name: dumps(getattr(one, name)) for name in _AMOUNTS}} for one in found
        ]
        _upsert(connection, sorted(rows, key=lambda row: str(row["key"])))


def delete_named(connection: Connection, ids: Collection[str], emails: Collection[str]) -> None:
    """Delete the rows of these Customers (ids) and of whoever has one of these emails."""
    named = or_(customers.c.key.in_({*ids, *emails}), customers.c.email.in_(emails))
    connection.execute(delete(customers).where(named))
    change_version(connection)


def version(connection: Connection) -> str | None:
    """The version of the list; what was calculated for another one is outdated."""
    found: str | None = sync_state.load(connection, VERSION)
    return found


def change_version(connection: Connection) -> None:
    """The list was changed."""
    sync_state.save(connection, VERSION, uuid.uuid4().hex)
