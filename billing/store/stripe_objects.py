"""Stripe's objects beside the Checkout Sessions, as last read, where they concern us."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select

from billing.domain.stripe_json import JSON, compact, id_at, integer_at, subscription_of, text_at
from billing.json_codec import dumps, loads
from billing.safe_text import sanitize
from billing.store import erased_ids, stale_customers
from billing.store.readable_rows import read_each
from billing.store.tables import TERM_LENGTH, stripe_objects
from billing.store.upsert import upsert

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from sqlalchemy import Connection, Select

_AT_ONCE = 5_000
_o = stripe_objects.c


class ObjectType(StrEnum):
    """Which are stored, in Stripe's words."""

    CUSTOMER = "customer"
    SUBSCRIPTION = "subscription"
    INVOICE = "invoice"
    REFUND = "refund"
    DISPUTE = "dispute"


@dataclass(frozen=True)
class ObjectReading:
    """One of Stripe's objects (``data``), and when the request that read it began (Unix
    seconds)."""

    data: JSON
    read_at: float


def _newer_only(statement: Any) -> Any:
    new = statement.excluded
    changing = ("parent", "customer", "email", "read_at", "data")
    return statement.on_conflict_do_update(
        index_elements=["id"],
        set_={name: new[name] for name in changing},
        where=new.read_at >= _o.read_at,
    )


_upsert = upsert(stripe_objects, _newer_only)


def store(connection: Connection, found: Iterable[ObjectReading]) -> None:
    """Store objects; an older reading never replaces a newer one."""
    rows: dict[str, JSON] = {}
    ordered = sorted(found, key=lambda one: one.read_at)
    safe = erased_ids.anonymize_erased(connection, [one.data for one in ordered])
    for one, data in zip(ordered, safe, strict=True):
        row = _row(ObjectReading(data, one.read_at))
        rows[row["id"]] = row
    if rows:
        _upsert(connection, sorted(rows.values(), key=lambda row: str(row["id"])))
        changed = (row["customer"] or row["parent"] for row in rows.values())
        stale_customers.mark(connection, changed)


def load(connection: Connection, ids: Collection[str]) -> dict[str, JSON]:
    """Stripe's objects of these ids, as far as they are stored, by id."""
    chosen = list(ids)
    found: dict[str, JSON] = {}
    for start in range(0, len(chosen), _AT_ONCE):
        rows = select(_o.id, _o.data).where(_o.id.in_(chosen[start : start + _AT_ONCE]))
        found |= {one["id"]: one for one in _read(connection, rows)}
    return found


def of_parents(connection: Connection, kind: ObjectType, parents: Collection[str]) -> list[JSON]:
    """The objects of a type that belong to one of ``parents``, the oldest first: refunds and
    disputes of PaymentIntents, invoices of subscriptions."""
    chosen = list(parents)
    found: list[JSON] = []
    for start in range(0, len(chosen), _AT_ONCE):
        some = _o.parent.in_(chosen[start : start + _AT_ONCE])
        rows = select(_o.id, _o.data).where(some, _o.type == kind).order_by(_o.created, _o.id)
        found += _read(connection, rows)
    return found


def of_customers(
    connection: Connection, kind: ObjectType, customers: Collection[str]
) -> list[JSON]:
    """The objects of a type that belong to one of these Customers (ids), the oldest first."""
    rows = select(_o.id, _o.data).where(_o.customer.in_(customers), _o.type == kind)
    return _read(connection, rows.order_by(_o.created, _o.id))


def customers_with_several(connection: Connection, kind: ObjectType, limit: int) -> list[str]:
    """The ids of the Customers who have more than one object of a type; of more than ``limit``
    those with the newest objects."""
    # By an index alone, in whose order they are counted; only of the few the objects are read.
    several = (
        select(_o.customer)
        .where(_o.type == kind, _o.customer.is_not(None))
        .group_by(_o.customer)
        .having(func.count() > 1)
    )
    newest = (
        select(_o.customer)
        .where(_o.customer.in_(several), _o.type == kind)
        .group_by(_o.customer)
        .order_by(func.max(_o.created).desc(), _o.customer)
        .limit(limit)
    )
    return list(connection.scalars(newest))


def customers_with_email(connection: Connection, email: str) -> list[JSON]:
    """The Customers with this email, without regard to case, the oldest first."""
    rows = select(_o.id, _o.data).where(_o.email == as_email(email))
    return _read(connection, rows.order_by(_o.created, _o.id))


def drop(connection: Connection, ids: Collection[str]) -> None:
    """Forget objects that Stripe has deleted."""
    connection.execute(delete(stripe_objects).where(_o.id.in_(ids)))
    stale_customers.mark(connection, ids)


def as_email(text: str) -> str:
    """An email as Customers are found by it."""
    return sanitize(text.strip().lower())[:TERM_LENGTH]


def _read(connection: Connection, rows: Select[Any]) -> list[JSON]:
    return read_each(connection.execute(rows).all(), lambda row: _object(row.data))


def _object(data: str) -> JSON:
    found = loads(data)
    if not isinstance(found, dict):
        raise TypeError("It is no object.")
    return found


def _row(one: ObjectReading) -> JSON:
    data = one.data
    kind = ObjectType(data["object"])
    is_customer = kind is ObjectType.CUSTOMER
    email = text_at(data, "email") if is_customer else None
    return {
        "id": data["id"],
        "type": kind,
        "parent": _parent(kind, data),
        "customer": data["id"] if is_customer else id_at(data, "customer"),
        "email": as_email(email) if email else None,
        "created": integer_at(data, "created") or 0,
        "read_at": one.read_at,
        "data": dumps(compact(data)),
    }


def _parent(kind: ObjectType, data: JSON) -> str | None:
    if kind in (ObjectType.REFUND, ObjectType.DISPUTE):
        return id_at(data, "payment_intent")
    if kind is ObjectType.INVOICE:
        return subscription_of(data)
    return None
