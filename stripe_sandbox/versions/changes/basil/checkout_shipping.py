"""A Checkout Session's `shipping_details` moved into `collected_information`."""

from __future__ import annotations

from stripe_sandbox.storage.objects import Object
from stripe_sandbox.versions.change import Change, Lookup


def _lower(session: Object, _: Lookup) -> None:
    collected = session["collected_information"] or {}
    session["shipping_details"] = collected.get("shipping_details")


CHANGE = Change("2025-03-31.basil", answers={"checkout.session": _lower})
