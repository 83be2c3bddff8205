"""A subscription's `current_period_start` and `_end` moved to its items."""

from __future__ import annotations

from stripe_sandbox.storage.objects import Object
from stripe_sandbox.versions.change import Change, Lookup

_NAMES = ("current_period_start", "current_period_end")


def _lower_subscription(subscription: Object, _: Lookup) -> None:
    item = subscription["items"]["data"][0]
    subscription |= {name: item[name] for name in _NAMES}


def _lower_item(item: Object, _: Lookup) -> None:
    for name in _NAMES:
        del item[name]


CHANGE = Change(
    "2025-03-31.basil",
    answers={"subscription": _lower_subscription, "subscription_item": _lower_item},
)
