"""Usage records, and the `aggregate_usage` of prices, gave way to meters."""

from __future__ import annotations

from stripe_sandbox.schema.sdk_operations import Operation
from stripe_sandbox.versions.change import Change, OlderRequest


def _raise(request: OlderRequest) -> None:
    request.refuse("recurring", "aggregate_usage")


_ITEM = "/v1/subscription_items/{subscription_item}"
CHANGE = Change(
    "2025-03-31.basil",
    requests={"POST /v1/prices": _raise},
    operations=(
        Operation("POST", f"{_ITEM}/usage_records"),
        Operation("GET", f"{_ITEM}/usage_record_summaries"),
    ),
)
