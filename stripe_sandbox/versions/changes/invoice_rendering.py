"""What an invoice's `rendering` says stood in its `rendering_options`, too."""

from __future__ import annotations

from stripe_sandbox.storage.objects import Object
from stripe_sandbox.versions.change import Change, Lookup


def _lower(invoice: Object, _: Lookup) -> None:
    invoice["rendering_options"] = invoice["rendering"]


CHANGE = Change("2024-04-10", answers={"invoice": _lower})
