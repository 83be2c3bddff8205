"""The tables of Stripe's objects: each row is an object's JSON and the columns lists filter by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Column:
    """A column that lists filter by: its name, where its value stands in the object, whether its
    few values each match a large part of the rows, and whether they are equal in any case."""

    name: str
    path: tuple[str, ...]
    coarse: bool = False
    indexed: bool = True
    any_case: bool = False

    @property
    def definition(self) -> str:
        """The column as a table's schema has it."""
        return f"{self.name} COLLATE NOCASE" if self.any_case else self.name


@dataclass(frozen=True)
class Table:
    """The table of one kind of object. `of_items`: filters that one of the object's items has to
    meet, and where in the item the value stands."""

    name: str
    columns: tuple[Column, ...]
    more_schema: str = ""
    of_items: Mapping[str, str] = field(default_factory=dict)
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
        columns = "".join(f", {column.definition}" for column in self.columns)
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
            if column.indexed
        ]
        return ";\n".join([*statements, self.more_schema])

    def values(self, value: dict[str, Any]) -> list[Any]:
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


def _of_test_clocks(table: str) -> str:
    """The index by which the few objects are found that live in a test clock's time."""
    return (
        f"CREATE INDEX IF NOT EXISTS {table}_test_clock ON {table} (body ->> '$.test_clock') "
        "WHERE body ->> '$.test_clock' IS NOT NULL;\n"
    )


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
    "coupon": Table("coupons", ()),
    "promotion_code": Table(
        "promotion_codes",
        (
            *_columns("active", "customer", coarse=("active",)),
            Column("code", ("code",), any_case=True),
            Column("coupon", ("promotion", "coupon")),
        ),
    ),
    "discount": Table("discounts", ()),
    "customer": Table("customers", _columns("email"), _of_test_clocks("customers")),
    "customer_balance_transaction": Table(
        "customer_balance_transactions", _columns("customer", "invoice")
    ),
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
            Column("expires_at", ("expires_at",), indexed=False),
        ),
        "CREATE INDEX IF NOT EXISTS checkout_sessions_due ON checkout_sessions (expires_at) "
        "WHERE status = 'open';\n",
    ),
    "payment_intent": Table("payment_intents", _columns("customer")),
    "charge": Table("charges", _columns("customer", "payment_intent")),
    "balance_transaction": Table(
        "balance_transactions",
        _columns("currency", "source", "type", coarse=("currency", "type")),
        "CREATE INDEX IF NOT EXISTS balance_transactions_pending ON balance_transactions "
        "(body ->> '$.available_on') WHERE body ->> '$.status' = 'pending';\n",
    ),
    "dispute": Table("disputes", _columns("charge", "payment_intent")),
    "refund": Table("refunds", _columns("charge", "payment_intent")),
    "payment_method": Table("payment_methods", _columns("customer", "type", coarse=("type",))),
    "setup_attempt": Table("setup_attempts", _columns("setup_intent")),
    "setup_intent": Table("setup_intents", _columns("customer", "payment_method")),
    "subscription": Table(
        "subscriptions",
        _columns("customer", "status", "collection_method", coarse=("status", "collection_method")),
        _of_test_clocks("subscriptions"),
        of_items={
            "current_period_end": "current_period_end",
            "current_period_start": "current_period_start",
            "item": "id",
            "plan": "price.id",
            "price": "price.id",
        },
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
    "invoiceitem": Table("invoice_items", _columns("customer", "invoice")),
    "invoice_payment": Table(
        "invoice_payments",
        (
            *_columns("invoice", "status", coarse=("status",)),
            Column("payment_intent", ("payment", "payment_intent")),
        ),
    ),
    "billing_portal.configuration": Table(
        "portal_configurations",
        _columns("active", "is_default", coarse=("active", "is_default")),
    ),
    "billing_portal.session": Table("portal_sessions", ()),
    "test_helpers.test_clock": Table("test_clocks", ()),
    "v2.core.event_destination": Table(
        "event_destinations", _columns("status", coarse=("status",))
    ),
    "webhook_endpoint": Table("webhook_endpoints", _columns("status", coarse=("status",))),
}

OBJECT_TABLES = "".join(table.schema() for table in TABLES.values())
