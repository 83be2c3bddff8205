"""What can be done with a subscription, and what its customer has afterwards."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING

from billing.domain.ledger.pro import ENDED, PAST_DUE, PAUSED

if TYPE_CHECKING:
    from billing.domain.ledger.line import Due
    from billing.domain.ledger.pro import Invoice, ProState


class SubscriptionAction(StrEnum):
    """What changes a subscription. https://docs.stripe.com/billing/subscriptions/cancel"""

    CANCEL_AT_PERIOD_END = "cancel_at_period_end"
    CANCEL_NOW = "cancel_now"
    KEEP = "keep"
    PAUSE_COLLECTION = "pause_collection"
    RESUME_COLLECTION = "resume_collection"
    RESUME = "resume"


def possible(state: ProState) -> tuple[SubscriptionAction, ...]:
    """What the subscription's status allows, the most likely first."""
    subscription = state.subscription
    if subscription.status in ENDED:
        return ()
    if subscription.status == PAUSED:
        return SubscriptionAction.RESUME, SubscriptionAction.CANCEL_NOW
    collection = (
        SubscriptionAction.RESUME_COLLECTION
        if subscription.collection_is_paused
        else SubscriptionAction.PAUSE_COLLECTION
    )
    ending = (
        SubscriptionAction.KEEP
        if subscription.cancel_at is not None
        else SubscriptionAction.CANCEL_AT_PERIOD_END
    )
    first = (collection, ending) if subscription.collection_is_paused else (ending, collection)
    return *first, SubscriptionAction.CANCEL_NOW


def due_after(state: ProState, action: SubscriptionAction) -> Due:
    """What the subscription gives once this is done."""
    subscription = state.subscription
    match action:
        case SubscriptionAction.CANCEL_NOW:
            changed = replace(subscription, status="canceled")
        case SubscriptionAction.CANCEL_AT_PERIOD_END:
            changed = replace(subscription, cancel_at=subscription.period_end)
        case SubscriptionAction.KEEP:
            changed = replace(subscription, cancel_at=None)
        case SubscriptionAction.RESUME:
            changed = replace(subscription, status="active")
        case SubscriptionAction.PAUSE_COLLECTION | SubscriptionAction.RESUME_COLLECTION:
            changed = subscription
    return replace(state, subscription=changed).due


def unpaid_invoice(state: ProState) -> Invoice | None:
    """The newest invoice that was to be paid and is not; None where there is none."""
    is_late = state.subscription.status in (PAST_DUE, "unpaid")
    unpaid = [one for one in state.invoices if one.status in ("open", "uncollectible")]
    return max(unpaid, key=lambda one: one.period_end, default=None) if is_late else None
