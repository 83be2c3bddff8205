"""Why somebody is not sold a second subscription to the Pro plan; and who has two all the same.

https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from billing.domain.ledger.pro import ACTIVE, ENDED, PAUSED, ProState, best

if TYPE_CHECKING:
    from collections.abc import Iterable

    from billing.domain.ledger.pro import Subscription


@dataclass(frozen=True)
class SecondPro:
    """Two subscriptions of one person that both give Pro: the ``first``, and the ``second`` that
    is paid for nothing."""

    first: Subscription
    second: Subscription


def blocking(states: Iterable[ProState]) -> ProState | None:
    """Of the subscriptions to the Pro plan the one that stands in the way of another: any that
    gives Pro, or can come back."""
    return best(one for one in states if is_live(one))


def is_live(state: ProState) -> bool:
    """It is a subscription to the Pro plan that has not ended for good, and has begun."""
    subscription = state.subscription
    return subscription.until is not None and subscription.status not in ENDED


def second_pro(states: Iterable[ProState], second: str | None = None) -> SecondPro | None:
    """Of one person's subscriptions the oldest that gives Pro, and the newest, or the one with the
    id ``second``; None unless these are two. Of two that began in one second either is."""
    giving = [one.subscription for one in states if one.due.quantity]
    giving.sort(key=lambda one: (one.created, one.id))
    chosen = next((one for one in reversed(giving) if second in (None, one.id)), None)
    if chosen is None:
        return None
    before = (one for one in giving if one is not chosen and one.created <= chosen.created)
    first = next(before, None)
    return SecondPro(first, chosen) if first else None


def reason(state: ProState) -> tuple[str, str]:
    """What is there already, and the way out, as sentences."""
    subscription = state.subscription
    whose = subscription.customer or "This customer"
    found = f"{whose} already has a subscription to the Pro plan"
    if state.dispute:
        return (
            f"{found}: {subscription.id}, suspended by the dispute {state.dispute.id}.",
            way_out(state),
        )
    return f"{found}: {subscription.id}, {subscription.status}.", way_out(state)


def way_out(state: ProState) -> str:
    """What can be done with the subscription that is there, as a sentence."""
    if state.dispute:
        return "Answer the dispute, or cancel the subscription."
    status = state.subscription.status
    if status == PAUSED:
        return "Resume it, or cancel it."
    if status not in ACTIVE:
        return "Have its open invoice paid, or cancel it."
    if state.subscription.cancel_at is not None:
        return "It will be canceled: undo that to keep it, or wait until it has ended."
    return "Change or cancel it in the customer portal."
