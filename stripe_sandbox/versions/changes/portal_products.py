"""A configuration of the portal holds the products that customers may change to only where they
are expanded."""

from __future__ import annotations

from stripe_sandbox.storage.objects import Object
from stripe_sandbox.versions.change import Change, Lookup

_FEATURE = "subscription_update"


def _lower(configuration: Object, lookup: Lookup) -> None:
    hidden = lookup.hidden(configuration["object"], configuration["id"])
    features = configuration["features"]
    feature = {"products": hidden.get("products"), **features[_FEATURE]}
    configuration["features"] = {**features, _FEATURE: feature}


CHANGE = Change("2024-04-10", answers={"billing_portal.configuration": _lower})
