"""An invoice's `subscription` and what belongs to it moved into its `parent`."""

from __future__ import annotations

from stripe_sandbox.storage.objects import Object
from stripe_sandbox.versions.change import Change, FormerField, Lookup


def _details(invoice: Object) -> Object:
    found: Object = (invoice["parent"] or {}).get("subscription_details") or {}
    return found


def _subscription(invoice: Object, _: Lookup) -> str | None:
    return _details(invoice).get("subscription")


def _lower(invoice: Object, _: Lookup) -> None:
    details = _details(invoice)
    invoice["quote"] = None
    invoice["subscription_details"] = {"metadata": details.get("metadata")}
    if details.get("subscription_proration_date") is not None:
        invoice["subscription_proration_date"] = details["subscription_proration_date"]
    del invoice["parent"]


CHANGE = Change(
    "2025-03-31.basil",
    fields=(FormerField("invoice", "subscription", _subscription, "subscription"),),
    answers={"invoice": _lower},
)
