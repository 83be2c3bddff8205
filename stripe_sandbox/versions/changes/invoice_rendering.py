"""An invoice's `rendering_options` are called `rendering`."""

from __future__ import annotations

from stripe_sandbox.storage.objects import Object, Objects
from stripe_sandbox.versions.change import Change


def _lower(invoice: Object, _: Objects) -> None:
    invoice["rendering_options"] = invoice.pop("rendering")


CHANGE = Change("2024-04-10", answers={"invoice": _lower})
