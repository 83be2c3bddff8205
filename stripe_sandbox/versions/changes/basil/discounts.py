"""`coupon`, `promotion_code` and `discount` gave way to `discounts`."""

from __future__ import annotations

from stripe_sandbox.storage.objects import Object
from stripe_sandbox.versions.change import Change, FormerField, Lookup, OlderRequest, id_of

_NAMES = ("coupon", "promotion_code")


def _raise_subscription(request: OlderRequest) -> None:
    for name in _NAMES:
        if name in request.form:
            given = request.form.pop(name)
            request.form["discounts"] = {"0": {name: given}} if given else ""
            request.words |= {f"discounts[0][{name}]": name, "discounts": name}


def _raise_customer(request: OlderRequest) -> None:
    for name in _NAMES:
        request.refuse(name)


def _discount(value: Object, objects: Lookup) -> Object | None:
    held = next(iter(value["discounts"]), None)
    return held and objects.get("discount", id_of(held))


CHANGE = Change(
    "2025-03-31.basil",
    requests={
        "POST /v1/subscriptions": _raise_subscription,
        "POST /v1/subscriptions/:subscription": _raise_subscription,
        "POST /v1/customers": _raise_customer,
        "POST /v1/customers/:customer": _raise_customer,
    },
    fields=tuple(
        FormerField(kind, "discount", _discount, "discount", expandable=False)
        for kind in ("invoice", "subscription")
    ),
)
