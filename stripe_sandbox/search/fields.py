"""The fields by which Stripe searches each resource, with their types
(https://docs.stripe.com/search#supported-query-fields-for-each-resource)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class FieldType(StrEnum):
    """What a field can be compared with: an id or another word as a whole, words of a text or a
    part of it, a number."""

    ID = "id"
    TOKEN = "token"  # noqa: S105  # Stripe's word for the type
    STRING = "string"
    NUMERIC = "numeric"


@dataclass(frozen=True)
class Field:
    """A field's type, and the SQL of its value over the columns and the `body` of a row."""

    type: FieldType
    sql: str


def _json(name: str) -> str:
    return f"body ->> '$.{name}'"


def _fields(kind: FieldType, *names: str, column: bool = False) -> dict[str, Field]:
    return {name: Field(kind, name if column else _json(name)) for name in names}


def _booleans(*names: str) -> dict[str, Field]:
    """Fields that queries call "true" and "false"."""
    return {
        name: Field(
            FieldType.TOKEN, f"CASE {_json(name)} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END"
        )
        for name in names
    }


def _details(sources: Iterable[str], *names: str) -> dict[str, Field]:
    return _fields(
        FieldType.TOKEN,
        *(f"payment_method_details.{source}.{name}" for source in sources for name in names),
    )


_CREATED = _fields(FieldType.NUMERIC, "created", column=True)
_CUSTOMER = _fields(FieldType.ID, "customer", column=True)
_CARDS = ("card", "card_present", "interac_present")
# As Stripe says it: "true" for all of the amount, "false" for a part of it, null for nothing.
_REFUNDED = (
    f"CASE WHEN {_json('amount_refunded')} = 0 THEN NULL "
    f"WHEN {_json('refunded')} THEN 'true' ELSE 'false' END"
)

FIELDS: dict[str, dict[str, Field]] = {
    "charge": {
        **_CREATED, **_CUSTOMER,
        **_fields(FieldType.NUMERIC, "amount"),
        **_fields(FieldType.TOKEN, "billing_details.address.postal_code", "currency", "status"),
        **_details(_CARDS, "last4", "exp_month", "exp_year", "brand", "fingerprint"),
        **_booleans("disputed"),
        "refunded": Field(FieldType.TOKEN, _REFUNDED),
    },
    "customer": {
        **_CREATED,
        **_fields(FieldType.STRING, "email", column=True),
        **_fields(FieldType.STRING, "name", "phone"),
    },
    "invoice": {
        **_CREATED, **_CUSTOMER,
        **_fields(FieldType.TOKEN, "currency"),
        **_fields(FieldType.STRING, "number", "receipt_number"),
        **_fields(FieldType.STRING, "status", column=True),
        **_fields(FieldType.ID, "subscription", column=True),
        **_fields(FieldType.NUMERIC, "total"),
    },
    "payment_intent": {
        **_CREATED, **_CUSTOMER,
        **_fields(FieldType.NUMERIC, "amount"),
        **_fields(FieldType.TOKEN, "currency", "status"),
    },
    "price": {
        **_booleans("active"),
        **_fields(FieldType.TOKEN, "currency", "type", column=True),
        **_fields(FieldType.STRING, "lookup_key", column=True),
        **_fields(FieldType.ID, "product", column=True),
    },
    "product": {
        **_booleans("active", "shippable"),
        **_fields(FieldType.STRING, "description", "name", "url"),
    },
    "subscription": {**_CREATED, **_fields(FieldType.TOKEN, "status", column=True)},
}  # fmt: skip
"""By kind of object; all have `metadata` besides."""
