"""`refund.*` events are sent of every refund, no longer only of those without a charge."""

from __future__ import annotations

from stripe_sandbox.storage.objects import Object
from stripe_sandbox.versions.change import Change


def _sends(name: str, subject: Object) -> bool:
    return not name.startswith("refund.") or subject["charge"] is None


CHANGE = Change("2024-10-28.acacia", sends=_sends)
