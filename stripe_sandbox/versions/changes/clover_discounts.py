"""A coupon moved into the `source` of its discount, the `promotion` of its code: as an id."""

from __future__ import annotations

from stripe_sandbox.storage.objects import Object
from stripe_sandbox.versions.change import Change, FormerField, Lookup, OlderRequest, id_of


def _raise(request: OlderRequest) -> None:
    if "coupon" in request.form:
        request.form["promotion"] = {"type": "coupon", "coupon": request.form.pop("coupon")}
        request.words["promotion[coupon]"] = "coupon"


def _read(held: str | Object, objects: Lookup) -> Object:
    """The coupon as it is now; all that is left of a deleted one is its id."""
    identifier = id_of(held)
    gone = {"id": identifier, "object": "coupon", "deleted": True}
    return objects.get("coupon", identifier) or gone


def _coupon_of_discount(discount: Object, objects: Lookup) -> Object:
    return _read(discount["source"]["coupon"], objects)


def _coupon_of_code(code: Object, objects: Lookup) -> Object:
    return _read(code["promotion"]["coupon"], objects)


def _lower_discount(discount: Object, _: Lookup) -> None:
    del discount["source"]


def _lower_code(code: Object, _: Lookup) -> None:
    del code["promotion"]


CHANGE = Change(
    "2025-09-30.clover",
    requests={"POST /v1/promotion_codes": _raise},
    fields=(
        FormerField("discount", "coupon", _coupon_of_discount, "coupon", expandable=False),
        FormerField("promotion_code", "coupon", _coupon_of_code, "coupon", expandable=False),
    ),
    answers={"discount": _lower_discount, "promotion_code": _lower_code},
)
