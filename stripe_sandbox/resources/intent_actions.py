"""What a PaymentIntent or a SetupIntent waits for
(https://docs.stripe.com/payments/3d-secure/authentication-flow)."""

from __future__ import annotations

from stripe_sandbox.ids import new_id
from stripe_sandbox.schema.objects import build
from stripe_sandbox.storage.objects import Object


def next_action(kind: str, prefix: str, redirect: Object | None) -> Object:
    """The `next_action` of an intent of the kind: 3-D Secure on a page, or by Stripe's script."""
    values: Object = {
        "type": "use_stripe_sdk",
        "use_stripe_sdk": {
            "type": "three_d_secure_redirect",
            "three_d_secure_2_source": new_id(prefix),
        },
    }
    if redirect is not None:
        values = {"type": "redirect_to_url", "redirect_to_url": redirect}
    return build(f"{kind}.NextAction", values)
