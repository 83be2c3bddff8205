"""Refunds and disputes, as far as they change what a customer has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from billing.domain.stripe_json import JSON, id_at, integer_at, text_at

if TYPE_CHECKING:
    from collections.abc import Iterable

# https://docs.stripe.com/api/disputes/object#dispute_object-status
LOST = "lost"
WON = "won"
_DECIDED = frozenset((WON, LOST, "warning_closed", "prevented"))
_HOLDING = frozenset(
    ("needs_response", "under_review", "appeal_needs_response", "appeal_under_review")
)


@dataclass(frozen=True)
class Refund:
    """A refund: ``amount`` in minor units of the payment's currency, ``created`` in Unix
    seconds. https://docs.stripe.com/api/refunds/object"""

    id: str
    amount: int
    status: str
    created: int

    @classmethod
    def from_stripe(cls, data: JSON) -> Refund:
        """From Stripe's object."""
        return cls(
            id=data["id"],
            amount=integer_at(data, "amount") or 0,
            status=text_at(data, "status") or "",
            created=integer_at(data, "created") or 0,
        )

    @property
    def has_succeeded(self) -> bool:
        """The money has left: a pending one does not count in the charge's ``amount_refunded``
        yet, a failed one no more."""
        return self.status == "succeeded"


@dataclass(frozen=True)
class Dispute:
    """A dispute of a payment: ``amount`` in minor units, ``created`` in Unix seconds.
    https://docs.stripe.com/api/disputes/object"""

    id: str
    amount: int
    status: str
    created: int
    payment_intent: str | None

    @classmethod
    def from_stripe(cls, data: JSON) -> Dispute:
        """From Stripe's object."""
        return cls(
            id=data["id"],
            amount=integer_at(data, "amount") or 0,
            status=text_at(data, "status") or "",
            created=integer_at(data, "created") or 0,
            payment_intent=id_at(data, "payment_intent"),
        )

    @property
    def is_open(self) -> bool:
        """It is not decided yet; of an inquiry: not closed."""
        return self.status not in _DECIDED

    @property
    def is_inquiry(self) -> bool:
        """The bank only asks: no money was withdrawn."""
        return self.status.startswith("warning_")

    @property
    def holds_money(self) -> bool:
        """The money was withdrawn: the dispute is open, or lost. An inquiry withdraws none."""
        return self.status in _HOLDING or self.status == LOST


One = TypeVar("One", Refund, Dispute)


def amount_refunded(refunds: Iterable[Refund]) -> int:
    """What Stripe calls ``amount_refunded`` of the charge: minor units."""
    return sum(refund.amount for refund in refunds if refund.has_succeeded)


def amount_disputed(disputes: Iterable[Dispute]) -> int:
    """What disputes that are open or lost have withdrawn, in minor units."""
    return sum(dispute.amount for dispute in disputes if dispute.holds_money)


def holding(disputes: Iterable[Dispute]) -> Dispute | None:
    """The newest dispute that holds the money; None where none does."""
    return newest(dispute for dispute in disputes if dispute.holds_money)


def newest(found: Iterable[One]) -> One | None:
    """The one that was created last; None of none."""
    return max(found, key=lambda one: (one.created, one.id), default=None)
