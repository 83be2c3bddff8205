"""Usage records, and the `aggregate_usage` of prices, gave way to meters."""

from __future__ import annotations

from stripe_sandbox.schema.sdk_operations import Operation
from stripe_sandbox.storage.objects import Object
from stripe_sandbox.versions.change import Change, Lookup, OlderRequest


def _raise(request: OlderRequest) -> None:
    request.refuse("recurring", "aggregate_usage")


def _lower_price(price: Object, _: Lookup) -> None:
    if price["recurring"]:
        price["recurring"] = {"aggregate_usage": None, **price["recurring"]}


def _lower_plan(plan: Object, _: Lookup) -> None:
    plan["aggregate_usage"] = None


_ITEM = "/v1/subscription_items/{subscription_item}"
CHANGE = Change(
    "2025-03-31.basil",
    requests={"POST /v1/prices": _raise},
    answers={"price": _lower_price, "plan": _lower_plan},
    operations=(
        Operation("POST", f"{_ITEM}/usage_records"),
        Operation("GET", f"{_ITEM}/usage_record_summaries"),
    ),
)
