"""Events, as they arrive and as they are shown; https://docs.stripe.com/api/events."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

WEBHOOK = "webhook"
POLL = "poll"
STATES = ("handled", "pending", "failed", "ignored")


@dataclass(frozen=True)
class EventFilter:
    """Which events: of a state, of a type, ``about`` an object or an event whose id begins so,
    and by their way: ``webhook`` when at least one webhook brought them, ``poll`` when none did."""

    state: str | None = None
    way: str | None = None
    type: str | None = None
    about: str | None = None


@dataclass(frozen=True)
class Cursor:
    """A place in the list of events, for the page that begins below it."""

    received_at: float
    id: str


@dataclass(frozen=True)
class Event:
    """An event and what became of it. Times in Unix seconds UTC: ``created`` by Stripe's clock
    and whole, the others by ours. ``source`` is the way of the first arrival, ``deliveries``
    how many webhooks brought it, ``error`` why handling failed, in words, ``retry_at`` when it is
    tried again. ``ours`` says whether this app made the session that it is about; None when it is
    about none that we know."""

    id: str
    type: str
    created: int
    object_id: str
    received_at: float
    source: str
    deliveries: int
    state: str
    attempts: int
    error: str | None
    processed_at: float | None
    retry_at: float | None = None
    ours: bool | None = None

    @property
    def delay(self) -> float:
        """Seconds from Stripe's making it to its first arrival; below 0 when a clock is wrong."""
        return self.received_at - self.created

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.received_at, self.id)


@dataclass(frozen=True)
class Refusal:
    """``count`` deliveries that were refused for one reason, from ``started_at`` (Unix seconds) on
    and within a minute. ``received_at`` is when the last of them came, ``size`` how many bytes
    that had, ``next_step`` what to do."""

    reason: str
    started_at: float
    received_at: float
    count: int
    next_step: str
    size: int


# The events that are handled, all in one way; every other is kept as ignored.
# https://docs.stripe.com/api/events/types#event_types-checkout.session.completed
HANDLED_TYPES = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
)


class EntryKind(StrEnum):
    """What a step means for the session."""

    MADE = "made"
    TRIED = "tried"
    CHALLENGED = "challenged"
    DECLINED = "declined"
    MONEY_TAKEN = "money taken"
    COMPLETED = "completed"
    PAID_LATER = "paid later"
    FAILED_LATER = "failed later"
    EXPIRED = "expired"
    GRANTED = "granted"
    NOT_GRANTED = "not granted"
    WILL_EXPIRE = "will expire"
    OTHER = "other"


ENTRY_KINDS = {
    "payment_intent.created": (EntryKind.TRIED, "Payment started"),
    "payment_intent.requires_action": (EntryKind.CHALLENGED, "3-D Secure requested"),
    "payment_intent.payment_failed": (EntryKind.DECLINED, "Payment declined"),
    "payment_intent.succeeded": (EntryKind.MONEY_TAKEN, "Payment succeeded"),
    "checkout.session.completed": (EntryKind.COMPLETED, "Checkout completed"),
    "checkout.session.async_payment_succeeded": (EntryKind.PAID_LATER, "Delayed payment succeeded"),
    "checkout.session.async_payment_failed": (EntryKind.FAILED_LATER, "Delayed payment failed"),
    "checkout.session.expired": (EntryKind.EXPIRED, "Expired"),
}


COUNTED = 10_000
