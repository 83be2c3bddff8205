"""When a billing period ends (https://docs.stripe.com/billing/subscriptions/billing-cycle)."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime


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
    if interval == "day":
        return start + count * 86_400
    if interval == "week":
        return start + count * 7 * 86_400
    months = count if interval == "month" else 12 * count
    moment = datetime.fromtimestamp(start, UTC)
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    month += 1
    day = min(moment.day, monthrange(year, month)[1])
    return int(moment.replace(year=year, month=month, day=day).timestamp())
