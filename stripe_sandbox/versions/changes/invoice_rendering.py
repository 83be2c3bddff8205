"""An invoice's `rendering_options` are called `rendering`."""

from __future__ import annotations

from stripe_sandbox.storage.objects import Object
from stripe_sandbox.versions.change import Change, Lookup


def _lower(invoice: Object, _: Lookup) -> None:
    invoice["rendering_options"] = invoice.pop("rendering")


CHANGE = Change("2024-04-10", answers={"invoice": _lower})
