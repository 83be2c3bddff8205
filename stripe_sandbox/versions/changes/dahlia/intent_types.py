"""Intents have `allowed_payment_method_types`: what a payment is limited to."""

from __future__ import annotations

from stripe_sandbox.storage.objects import Object
from stripe_sandbox.versions.change import Change, Lookup


def _lower(value: Object, _: Lookup) -> None:
    value.pop("allowed_payment_method_types", None)


CHANGE = Change(
    "2026-07-29.dahlia",
    answers={"payment_intent": _lower, "setup_intent": _lower},
)
