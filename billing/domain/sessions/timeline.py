"""What happened to one Checkout Session, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from billing.domain.events.event import Event
    from billing.domain.logged_request import LoggedRequest


class EntryKind(StrEnum):
    """What an entry of the timeline says; those of a payment are named after Stripe's events.
    Those of the same second are shown in this order."""

    CREATED = "created"
    REQUEST = "request"  # one that changed something, or went otherwise than usual
    PAYMENT_ATTEMPTED = "payment_attempted"
    ACTION_REQUIRED = "action_required"
    PAYMENT_FAILED = "payment_failed"
    PAYMENT_SUCCEEDED = "payment_succeeded"
    COMPLETED = "completed"
    ASYNC_PAYMENT_SUCCEEDED = "async_payment_succeeded"
    ASYNC_PAYMENT_FAILED = "async_payment_failed"
    EXPIRED = "expired"
    GRANTED = "granted"
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"  # or was canceled
    DISPUTED = "disputed"
    DISPUTE_CLOSED = "dispute_closed"
    RENEWED = "renewed"
    RENEWAL_FAILED = "renewal_failed"
    SUBSCRIPTION_CHANGED = "subscription_changed"
    SUBSCRIPTION_ENDED = "subscription_ended"
    LEDGER_LINE = "ledger_line"
    NOT_GRANTED = "not_granted"
    LATER = "later"
    OTHER = "other"


# The types of event that a timeline tells of by a kind and a title of their own.
# https://docs.stripe.com/api/events/types
CHECKOUT_EVENTS = {
    "payment_intent.created": (EntryKind.PAYMENT_ATTEMPTED, "Payment started"),
    "payment_intent.requires_action": (EntryKind.ACTION_REQUIRED, "3-D Secure requested"),
    "payment_intent.payment_failed": (EntryKind.PAYMENT_FAILED, "Payment declined"),
    "payment_intent.succeeded": (EntryKind.PAYMENT_SUCCEEDED, "Payment succeeded"),
    "checkout.session.completed": (EntryKind.COMPLETED, "Checkout completed"),
    "checkout.session.async_payment_succeeded": (
        EntryKind.ASYNC_PAYMENT_SUCCEEDED,
        "Delayed payment succeeded",
    ),
    "checkout.session.async_payment_failed": (
        EntryKind.ASYNC_PAYMENT_FAILED,
        "Delayed payment failed",
    ),
    "checkout.session.expired": (EntryKind.EXPIRED, "Expired"),
}
# And those of after the sale, whose title depends on what they are about.
AFTER_SALE_EVENTS = (
    *("refund.created", "refund.updated", "refund.failed"),
    *("charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed"),
    *("customer.subscription.updated", "customer.subscription.deleted"),
    *("customer.subscription.paused", "customer.subscription.resumed"),
    *("invoice.paid", "invoice.payment_failed"),
    *("invoice.voided", "invoice.marked_uncollectible"),
)
TIMELINE_EVENTS = (*CHECKOUT_EVENTS, *AFTER_SALE_EVENTS)


@dataclass(frozen=True)
class TimelineEntry:
    """One thing that happened, or will. ``at`` is in Unix seconds; ``title`` and ``detail`` are
    words, which may hold text of others; ``until`` is the day (Unix seconds) that the detail ends
    with, if any. ``event`` is the event that says so, ``request_id`` the request to Stripe's API
    that caused it, and ``request`` that as this app logged it, where they are known."""

    kind: EntryKind
    at: float
    title: str
    detail: str = ""
    event: Event | None = None
    request_id: str | None = None
    until: int | None = None
    request: LoggedRequest | None = None
