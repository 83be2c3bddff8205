"""The shape of a Plan (https://docs.stripe.com/api/plans/object)."""

from __future__ import annotations

from stripe_sandbox.schema.objects import build
from stripe_sandbox.storage.objects import Object


def plan_of(price: Object) -> Object:
    """The Plan that a recurring Price is, too, for Stripe's older integrations."""
    recurring = price["recurring"]
    return build(
        "plan",
        {
            "id": price["id"],
            "object": "plan",
            "active": price["active"],
            "amount": price["unit_amount"],
            "amount_decimal": price["unit_amount_decimal"],
            "billing_scheme": price["billing_scheme"],
            "created": price["created"],
            "currency": price["currency"],
            "interval": recurring["interval"],
            "interval_count": recurring["interval_count"],
            "livemode": False,
            "metadata": price["metadata"],
            "nickname": price["nickname"],
            "product": price["product"],
            "usage_type": recurring["usage_type"],
        },
    )
