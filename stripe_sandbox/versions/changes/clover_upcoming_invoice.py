"""An invoice that is only previewed, or upcoming, has an id."""

from __future__ import annotations

from stripe_sandbox.storage.objects import Object
from stripe_sandbox.versions.change import Change, Lookup


def _lower(invoice: Object, _: Lookup) -> None:
    if invoice["id"].startswith("upcoming_in_"):
        del invoice["id"]


CHANGE = Change("2025-09-30.clover", answers={"invoice": _lower})
