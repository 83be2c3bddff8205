"""The lines of the ledger: each is a change of what a customer has, and says why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from billing.domain.sessions.checkout_session import Kind


class Cause(StrEnum):
    """What changed it."""

    PURCHASE = "purchase"
    REFUND = "refund"
    REFUND_FAILED = "refund_failed"  # or was canceled
    DISPUTE_OPENED = "dispute_opened"
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"
    RENEWAL = "renewal"
    PAYMENT_FAILED = "payment_failed"
    CANCELED = "canceled"
    PAUSED = "paused"
    RESUMED = "resumed"
    RECONCILED = "reconciled"

    @property
    def label(self) -> str:
        """As people read it: ``Dispute opened``."""
        return self.replace("_", " ").capitalize()


class Origin(StrEnum):
    """How this app came to know, where no event told it."""

    RETURN = "return"  # the customer came back from Checkout
    SYNC = "sync"  # Stripe was read
    RECONCILIATION = "reconciliation"


@dataclass(frozen=True)
class Due:
    """What a subject gives: so many credits, or Pro (``quantity`` 1) until a time (Unix seconds).
    ``access_until`` is None of credits, and where there is no Pro."""

    quantity: int
    access_until: int | None = None


@dataclass(frozen=True)
class LedgerLine:
    """A change of what a ``subject`` gives. The subject of credits is the Checkout Session that
    paid for them, of Pro the subscription; its lines are numbered from 1.

    ``quantity`` is signed: credits, or 1 and -1 where Pro begins and ends. ``access_until`` (Unix
    seconds) is until when Pro lasts from this line on. ``origin`` is the id of the event that
    told of it, or an ``Origin``; ``at`` is when it was written, in Unix seconds. The others are
    Stripe's objects behind it, as far as there are any.
    """

    subject: str
    sequence: int
    kind: Kind
    quantity: int
    access_until: int | None
    cause: Cause
    origin: str
    at: float
    customer: str | None = None
    session_id: str | None = None
    payment_intent: str | None = None
    invoice: str | None = None
    refund: str | None = None
    dispute: str | None = None
    subscription: str | None = None


def total(lines: Iterable[LedgerLine]) -> Due:
    """What the lines of one subject, in their order, add up to."""
    quantity, until = 0, None
    for line in lines:
        quantity += line.quantity
        until = line.access_until
    return Due(quantity, until)
