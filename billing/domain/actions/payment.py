"""A payment that succeeded: what of it can be refunded, and what a refund takes back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from billing.domain.ledger.credits import credits_due
from billing.domain.ledger.refunds import LOST, amount_refunded, holding, newest

if TYPE_CHECKING:
    from billing.domain.ledger.refunds import Dispute, Refund

_UNDER_WAY = frozenset(("pending", "requires_action"))


class RefundReason(StrEnum):
    """Why a payment is refunded. https://docs.stripe.com/api/refunds/create"""

    REQUESTED_BY_CUSTOMER = "requested_by_customer"
    DUPLICATE = "duplicate"
    FRAUDULENT = "fraudulent"

    @property
    def label(self) -> str:
        """As people read it: ``Requested by customer``."""
        return self.replace("_", " ").capitalize()


@dataclass(frozen=True)
class RefundPreview:
    """What a refund of ``amount`` would do: ``left`` can still be refunded afterwards (both in
    minor units); it takes back ``credits_taken``, and ``credits_left`` stay."""

    amount: int
    left: int
    credits_taken: int = 0
    credits_left: int = 0


@dataclass(frozen=True)
class PaymentState:
    """A payment that succeeded, with its refunds and disputes: ``amount`` in minor units of
    ``currency``, how many credits were ``bought`` with it (0 where it pays for Pro), and the
    subscription that it pays for."""

    payment_intent: str
    amount: int
    currency: str
    bought: int = 0
    subscription: str | None = None
    refunds: tuple[Refund, ...] = ()
    disputes: tuple[Dispute, ...] = ()

    @property
    def refunded(self) -> int:
        """What has gone back or is on its way, in minor units."""
        pending = sum(one.amount for one in self.refunds if one.status in _UNDER_WAY)
        return amount_refunded(self.refunds) + pending

    @property
    def left(self) -> int:
        """What can still be refunded, in minor units."""
        return max(self.amount - self.refunded, 0)

    @property
    def credits(self) -> int:
        """How many of the credits its refunds have left."""
        return credits_due(self.bought, self.amount, self.refunded, held=False)

    @property
    def dispute(self) -> Dispute | None:
        """The dispute, or inquiry, that is not decided yet."""
        return newest(one for one in self.disputes if one.is_open)

    @property
    def refusal(self) -> str | None:
        """Why Stripe would refuse a refund, as a sentence; None where it would not."""
        if dispute := holding(self.disputes):
            if dispute.status == LOST:
                return "The dispute was lost: the bank has already given the money back."
            return (
                "The customer disputes this payment: while the bank holds the money, none of it "
                "can be refunded."
            )
        if not self.left:
            return "The whole payment has been refunded: nothing is left."
        return None

    def preview(self, amount: int) -> RefundPreview:
        """What a refund of ``amount`` minor units would do, from 1 to what is ``left``."""
        refunded = self.refunded + amount
        remaining = credits_due(self.bought, self.amount, refunded, held=False)
        return RefundPreview(
            amount, max(self.amount - refunded, 0), self.credits - remaining, remaining
        )

    def amount_for(self, quantity: int) -> int:
        """The smallest refund that takes back so many credits, in minor units."""
        taken = self.bought - self.credits + quantity
        return -(-taken * self.amount // self.bought) - self.refunded if self.bought else 0
