"""`coupon`, `promotion_code` and `discount` gave way to `discounts`."""

from __future__ import annotations

from stripe_sandbox.storage.objects import Object
from stripe_sandbox.versions.change import Change, Lookup, OlderRequest

_NAMES = ("coupon", "promotion_code")


def _raise_subscription(request: OlderRequest) -> None:
    for name in _NAMES:
        if name in request.form:
            request.form["discounts"] = {"0": {name: request.form.pop(name)}}
            request.words |= {f"discounts[0][{name}]": name, "discounts": name}


def _raise_customer(request: OlderRequest) -> None:
    for name in _NAMES:
        request.refuse(name)


def _lower(value: Object, _: Lookup) -> None:
    value["discount"] = next(iter(value["discounts"]), None)


CHANGE = Change(
    "2025-03-31.basil",
    requests={
        "POST /v1/subscriptions": _raise_subscription,
        "POST /v1/subscriptions/:subscription": _raise_subscription,
        "POST /v1/customers": _raise_customer,
        "POST /v1/customers/:customer": _raise_customer,
    },
    answers={"invoice": _lower, "subscription": _lower},
)
