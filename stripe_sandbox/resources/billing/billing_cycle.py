"""When a billing period ends (https://docs.stripe.com/billing/subscriptions/billing-cycle)."""

from __future__ import annotations

from datetime import UTC, datetime

from dateutil.relativedelta import relativedelta  # type: ignore[import-untyped] # has no stubs


def next_period_end(anchor: int, start: int, interval: str, count: int) -> int:
    """When the period ends that begins at `start`, for a billing cycle that began at `anchor`: a
    month that was cut short at the end of February is long again in March."""
    periods = 1
    while (end := add_interval(anchor, interval, count * periods)) <= start:
        periods += 1
    return end


def add_interval(start: int, interval: str, count: int) -> int:
    """`start` plus `count` of Stripe's intervals (day, week, month, year), in Unix seconds.

    A month later than 31 January is the last day of February, as Stripe's billing cycles do
    (https://docs.stripe.com/billing/subscriptions/billing-cycle).
    """
    length = relativedelta(**{f"{interval}s": count})
    return int((datetime.fromtimestamp(start, UTC) + length).timestamp())
