"""Charges still name their dispute and, as products do, have a field of an API before."""

from __future__ import annotations

from stripe_sandbox.storage.objects import Object
from stripe_sandbox.versions.change import Change, FormerField, Lookup


def _dispute(charge: Object, objects: Lookup) -> str | None:
    found = objects.first("dispute", "charge", charge["id"]) if charge["disputed"] else None
    return found["id"] if found else None


def _lower_charge(charge: Object, _: Lookup) -> None:
    charge["destination"] = None


def _lower_product(product: Object, _: Lookup) -> None:
    product["attributes"] = []


CHANGE = Change(
    "2023-08-16",
    fields=(FormerField("charge", "dispute", _dispute, "dispute"),),
    answers={"charge": _lower_charge, "product": _lower_product},
)
