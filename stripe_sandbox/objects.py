"""The store of Stripe's objects: each is its JSON, beside it the columns that lists filter by."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stripe_sandbox.database import Database, dump

Object = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """A column that lists filter by: its name, where its value stands in the object, and whether
    its few values each match a large part of the rows."""

    name: str
    path: tuple[str, ...]
    coarse: bool = False


@dataclass(frozen=True)
class Table:
    """The table of one kind of object."""

    name: str
    columns: tuple[Column, ...]
    insert: str = field(init=False)
    update: str = field(init=False)

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        marks = ", ".join("?" for _ in range(4 + len(names)))
        listed = ", ".join(["id", "created", "body", "hidden", *names])
        assigned = ", ".join(f"{name} = ?" for name in ("created", "body", *names))
        object.__setattr__(self, "insert", f"INSERT INTO {self.name} ({listed}) VALUES ({marks})")  # noqa: S608  # names are literals below
        object.__setattr__(self, "update", f"UPDATE {self.name} SET {assigned} WHERE id = ?")  # noqa: S608

    def schema(self) -> str:
        """The statements that make the table and its indexes."""
        columns = "".join(f", {column.name}" for column in self.columns)
        statements = [
            (
                f"CREATE TABLE IF NOT EXISTS {self.name} (seq INTEGER PRIMARY KEY, "
                "id TEXT NOT NULL UNIQUE, created INTEGER NOT NULL, body TEXT NOT NULL, "
                f"hidden TEXT{columns})"
            ),
            f"CREATE INDEX IF NOT EXISTS {self.name}_created ON {self.name} (created)",
        ]
        statements += [
            f"CREATE INDEX IF NOT EXISTS {self.name}_{column.name} ON {self.name} "
            f"({column.name}, created) WHERE {column.name} IS NOT NULL"
            for column in self.columns
        ]
        return ";\n".join(statements) + ";\n"

    def values(self, value: Object) -> list[Any]:
        """What the columns hold of an object."""
        return [_at(value, column.path) for column in self.columns]


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return int(value) if isinstance(value, bool) else value


def _columns(*names: str, coarse: tuple[str, ...] = ()) -> tuple[Column, ...]:
    return tuple(Column(name, (name,), name in coarse) for name in names)


TABLES: dict[str, Table] = {
    "product": Table("products", _columns("active", coarse=("active",))),
    "price": Table(
        "prices",
        (
            *_columns(
                "active",
                "type",
                "currency",
                "product",
                "lookup_key",
                coarse=("active", "type", "currency"),
            ),
            Column("interval", ("recurring", "interval"), coarse=True),
        ),
    ),
    "customer": Table("customers", _columns("email")),
    "checkout.session": Table(
        "checkout_sessions",
        (
            *_columns(
                "status",
                "customer",
                "payment_intent",
                "payment_link",
                "subscription",
                coarse=("status",),
            ),
            Column("email", ("customer_details", "email")),
            Column("expires_at", ("expires_at",)),
        ),
    ),
    "payment_intent": Table("payment_intents", _columns("customer")),
    "charge": Table("charges", _columns("customer", "payment_intent")),
    "payment_method": Table("payment_methods", _columns("customer", "type", coarse=("type",))),
    "subscription": Table(
        "subscriptions",
        _columns("customer", "status", "collection_method", coarse=("status", "collection_method")),
    ),
    "invoice": Table(
        "invoices",
        (
            *_columns(
                "customer", "status", "collection_method", coarse=("status", "collection_method")
            ),
            Column("subscription", ("parent", "subscription_details", "subscription")),
        ),
    ),
    "invoice_payment": Table(
        "invoice_payments",
        (
            *_columns("invoice", "status", coarse=("status",)),
            Column("payment_intent", ("payment", "payment_intent")),
        ),
    ),
    "webhook_endpoint": Table("webhook_endpoints", _columns("status", coarse=("status",))),
}

OBJECT_TABLES = "".join(table.schema() for table in TABLES.values())


@dataclass(frozen=True)
class Window:
    """A stretch of a list, newest first: how many, after or before which id, created when.

    `created` maps gt, gte, lt, lte to Unix seconds.
    """

    limit: int = 10
    starting_after: str | None = None
    ending_before: str | None = None
    created: Mapping[str, int] = field(default_factory=dict)


class NoSuchCursorError(LookupError):
    """The cursor names nothing: `parameter`, `identifier`."""

    def __init__(self, parameter: str, identifier: str) -> None:
        super().__init__(identifier)
        self.parameter = parameter
        self.identifier = identifier


_COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


class Objects:
    """Objects by kind (their `object` value) and id."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def insert(self, value: Object, hidden: Object | None = None) -> None:
        """Store a new object; `hidden` is what the sandbox keeps of it and no answer shows."""
        table = TABLES[value["object"]]
        self.database.write(
            table.insert,
            (
                value["id"],
                value["created"],
                dump(value),
                None if hidden is None else dump(hidden),
                *table.values(value),
            ),
        )

    def save(self, value: Object) -> None:
        """Store an object's new state."""
        table = TABLES[value["object"]]
        self.database.write(
            table.update, (value["created"], dump(value), *table.values(value), value["id"])
        )

    def save_hidden(self, kind: str, identifier: str, hidden: Object) -> None:
        """Store what no answer shows."""
        self.database.write(
            f"UPDATE {TABLES[kind].name} SET hidden = ? WHERE id = ?",  # noqa: S608
            (dump(hidden), identifier),
        )

    def get(self, kind: str, identifier: str) -> Object | None:
        """The object, or None."""
        row = self.database.row(
            f"SELECT body FROM {TABLES[kind].name} WHERE id = ?",  # noqa: S608
            (identifier,),
        )
        return None if row is None else json.loads(row[0])

    def hidden(self, kind: str, identifier: str) -> Object:
        """What no answer shows of it; empty when there is nothing."""
        row = self.database.row(
            f"SELECT hidden FROM {TABLES[kind].name} WHERE id = ?",  # noqa: S608
            (identifier,),
        )
        return {} if row is None or row[0] is None else json.loads(row[0])

    def delete(self, kind: str, identifier: str) -> None:
        """Remove it."""
        self.database.write(f"DELETE FROM {TABLES[kind].name} WHERE id = ?", (identifier,))  # noqa: S608

    def ids(self, kind: str, condition: str, values: Iterable[Any], limit: int = -1) -> list[str]:
        """The ids of the rows that meet an SQL condition over the columns."""
        rows = self.database.rows(
            f"SELECT id FROM {TABLES[kind].name} WHERE {condition} LIMIT ?",  # noqa: S608
            (*values, limit),
        )
        return [row[0] for row in rows]

    def page(self, kind: str, filters: Mapping[str, Any], window: Window) -> tuple[list[str], bool]:
        """The stored JSON of the objects in the window whose columns equal the filters, newest
        first, and whether more follow. A filter's tuple means any of its values."""
        table = TABLES[kind]
        conditions: list[str] = []
        values: list[Any] = []
        coarse = {column.name for column in table.columns if column.coarse}
        fine = any(name not in coarse for name in filters)
        for name, wanted in filters.items():
            # The plus keeps SQLite off the index of a column that half the rows share.
            shown = f"+{name}" if fine and name in coarse else name
            if isinstance(wanted, tuple):
                conditions.append(f"+{name} IN ({', '.join('?' for _ in wanted)})")
                values.extend(wanted)
            else:
                conditions.append(f"{shown} = ?")
                values.append(int(wanted) if isinstance(wanted, bool) else wanted)
        rows, more = page_of(self.database, table.name, conditions, values, window, "body")
        return [row[0] for row in rows], more


def page_of(
    database: Database,
    table: str,
    conditions: list[str],
    values: list[Any],
    window: Window,
    columns: str,
) -> tuple[list[tuple[Any, ...]], bool]:
    """One window over a table with seq, id and created: its rows' `columns`, newest first, and
    whether more follow. NoSuchCursorError."""
    conditions, values = [*conditions], [*values]
    for comparison, moment in window.created.items():
        conditions.append(f"created {_COMPARISONS[comparison]} ?")
        values.append(moment)
    backwards = window.ending_before is not None
    for parameter, cursor, operator in (
        ("starting_after", window.starting_after, "<"),
        ("ending_before", window.ending_before, ">"),
    ):
        if cursor is not None:
            row = database.row(f"SELECT created, seq FROM {table} WHERE id = ?", (cursor,))  # noqa: S608
            if row is None:
                raise NoSuchCursorError(parameter, cursor)
            conditions.append(f"(created, seq) {operator} (?, ?)")
            values.extend(row)
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    order = "ASC" if backwards else "DESC"
    rows = database.rows(
        f"SELECT {columns} FROM {table}{where} ORDER BY created {order}, seq {order} LIMIT ?",  # noqa: S608
        (*values, window.limit + 1),
    )
    kept = rows[: window.limit]
    if backwards:
        kept.reverse()
    return kept, len(rows) > window.limit
