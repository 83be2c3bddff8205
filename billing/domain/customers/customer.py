"""A customer: a Customer of Stripe's, or an email that was paid with without one.

https://docs.stripe.com/payments/checkout/guest-customers
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ProStatus(StrEnum):
    """Whether a customer has Pro, had it, or never did."""

    ACTIVE = "active"
    ENDED = "ended"
    NONE = "none"

    @property
    def label(self) -> str:
        """As people read it: ``Active``."""
        return self.capitalize()


class ProNote(StrEnum):
    """What comes next while Pro is active, or why it has ended."""

    RENEWS = "renews"
    CANCELS = "cancels"
    RETRYING = "retrying"
    CANCELED = "canceled"
    PAYMENT_FAILED = "payment_failed"
    PAUSED = "paused"
    DISPUTED = "disputed"
    DISPUTE_LOST = "dispute_lost"

    @property
    def label(self) -> str:
        """As people read it: ``Payment failed``."""
        return _NOTES[self]


_NOTES = {
    ProNote.RENEWS: "Renews",
    ProNote.CANCELS: "Cancels",
    ProNote.RETRYING: "Payment failed, trying again",
    ProNote.CANCELED: "Canceled",
    ProNote.PAYMENT_FAILED: "Payment failed",
    ProNote.PAUSED: "Paused",
    ProNote.DISPUTED: "Disputed",
    ProNote.DISPUTE_LOST: "Dispute lost",
}


@dataclass(frozen=True)
class Customer:
    """A customer as the list shows them.

    ``key`` is the ``customer``'s id, or the ``email`` (lower case) of a guest, whose ``customer``
    is None. Payments without a Customer are the Customer's where exactly one has their email.
    ``pro_until`` (Unix seconds) is set while Pro is active, ``pro_note`` once it was;
    ``subscription_status`` is Stripe's word for the subscription that counts.

    ``paid``, ``refunded`` and ``disputed`` are minor units by currency, that of the most payments
    first: what was paid in all, what of it went back, and what disputes hold or took.
    ``has_refunds`` and ``has_disputes``: also such as are pending, won, or only an inquiry.
    ``last_activity`` (Unix seconds): of their sessions, invoices, refunds and disputes.
    """

    key: str
    customer: str | None
    email: str | None
    credits: int
    pro: ProStatus
    pro_until: int | None
    pro_note: ProNote | None
    subscription_status: str | None
    paid: dict[str, int]
    refunded: dict[str, int]
    disputed: dict[str, int]
    has_refunds: bool
    has_disputes: bool
    last_activity: int

    @property
    def id(self) -> str:
        """The ``key``, as a table's row names it."""
        return self.key

    @property
    def name(self) -> str:
        """What people call them: the email, else the id."""
        return self.email or self.key
