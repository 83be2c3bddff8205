"""When the period of a running subscription begins anew, and how a trial of it begins, goes on and
ends (https://docs.stripe.com/billing/subscriptions/billing-cycle)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stripe_sandbox import errors
from stripe_sandbox.resources.billing.billing_cycle import add_interval
from stripe_sandbox.storage.objects import Object
from stripe_sandbox.validation import check_future

PARAMETERS = ("billing_cycle_anchor.type", "trial_end")
MAXIMUM_TRIAL_DAYS = 730


@dataclass(frozen=True)
class NewPeriod:
    """The period that a change begins, in Unix seconds. `trial`: it is free. `goes_on`: it is the
    trial that has begun already, with another end."""

    start: int
    end: int
    trial: bool = False
    goes_on: bool = False

    def changes(self, subscription: Object) -> Object:
        """What changes of the subscription beside its items."""
        found: Object = {"billing_cycle_anchor": self.end if self.trial else self.start}
        if subscription["cancel_at_period_end"]:
            found["cancel_at"] = self.end
        if self.trial:
            found |= {"status": "trialing", "trial_end": self.end}
            if not self.goes_on:
                found["trial_start"] = self.start
        elif subscription["status"] == "trialing":
            found |= {"status": "active", "trial_end": self.start}
        return found


def new_period(
    subscription: Object, items: list[Object], params: dict[str, Any], now: int
) -> NewPeriod | None:
    """The period that the update begins for the items, which have their new prices; None: the
    present one goes on. StripeError: the update makes no sense."""
    end, trialing = params.get("trial_end"), subscription["status"] == "trialing"
    recurring = items[0]["price"]["recurring"]
    whole = NewPeriod(now, add_interval(now, recurring["interval"], recurring["interval_count"]))
    if isinstance(end, int):
        check_trial_end(params, now)
        if not trialing:
            return NewPeriod(now, end, trial=True)
        if end == subscription["trial_end"]:
            return None
        return NewPeriod(items[0]["current_period_start"], end, trial=True, goes_on=True)
    if trialing:
        if _anchored_now(params):
            raise errors.not_simulated(
                "billing_cycle_anchor[type]", "`now` during a trial: use `trial_end=now`"
            )
        return whole if end == "now" else None
    former = subscription["items"]["data"][0]["price"]["recurring"]
    names = ("interval", "interval_count")
    if _anchored_now(params) or any(recurring[name] != former[name] for name in names):
        return whole
    return None


def shorten_first(lines: list[Object], params: dict[str, Any], now: int) -> None:
    """Charge the lines' first period, which ends at the `billing_cycle_anchor` of a new
    subscription, by the second, or not at all. StripeError: no period ends then."""
    anchor: int = params["billing_cycle_anchor"]
    if params.keys() & {"trial_end", "trial_period_days"}:
        raise errors.not_simulated("billing_cycle_anchor", "billing_cycle_anchor with a trial")
    check_future(params, "billing_cycle_anchor", now)
    for line in lines:
        recurring = line["price"]["recurring"]
        natural = add_interval(now, recurring["interval"], recurring["interval_count"])
        if anchor > natural:
            raise errors.invalid(
                "`billing_cycle_anchor` cannot be later than next natural billing date "
                f"({natural}) for plan",
                "billing_cycle_anchor",
            )
        whole = anchor - add_interval(anchor, recurring["interval"], -recurring["interval_count"])
        charged = 0 if params.get("proration_behavior") == "none" else anchor - now
        amount = (2 * line["amount_subtotal"] * charged + whole) // (2 * whole)
        line.update(amount_subtotal=amount, amount_total=amount)


def begins_period(changes: Object) -> bool:
    """Whether what changes of a subscription begins a period that is invoiced at once; a trial that
    only gets another end does not."""
    goes_on = changes.get("status") == "trialing" and "trial_start" not in changes
    return "billing_cycle_anchor" in changes and not goes_on


def check_trial_end(params: dict[str, Any], now: int) -> None:
    """Raise a StripeError unless the `trial_end`, in Unix seconds, is within the next two years."""
    check_future(params, "trial_end", now)
    if params["trial_end"] > now + MAXIMUM_TRIAL_DAYS * 86_400:
        raise errors.invalid(
            "Invalid timestamp: can be no more than two years in the future.", "trial_end"
        )


def _anchored_now(params: dict[str, Any]) -> bool:
    anchor: dict[str, Any] = params.get("billing_cycle_anchor") or {}
    return anchor.get("type") == "now"
