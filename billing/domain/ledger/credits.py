"""What a payment for credits gives, by what Stripe says of it now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from billing.domain.ledger.line import Cause, Due, LedgerLine, total
from billing.domain.ledger.refunds import LOST, WON, amount_refunded, holding, newest
from billing.domain.sessions.checkout_session import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from billing.domain.ledger.refunds import Dispute, Refund


@dataclass(frozen=True)
class Payment:
    """A paid Checkout Session for credits: how many were ``bought``, the amount ``paid`` in minor
    units, and the refunds and disputes of its payment."""

    session_id: str
    bought: int
    paid: int
    payment_intent: str | None = None
    customer: str | None = None
    refunds: tuple[Refund, ...] = ()
    disputes: tuple[Dispute, ...] = ()


def credits_due(bought: int, paid: int, refunded: int, *, held: bool) -> int:
    """How many credits the customer should have of those ``bought`` for the amount ``paid``, of
    which ``refunded`` went back (minor units).

    What a refund takes is rounded down. ``held``: a dispute holds the money, or took it.
    """
    if held:
        return 0
    if paid <= 0:
        return bought
    taken = bought * min(max(refunded, 0), paid) // paid
    return bought - taken


def payment_due(payment: Payment) -> Due:
    """What the payment gives now."""
    held = holding(payment.disputes) is not None
    refunded = amount_refunded(payment.refunds)
    return Due(credits_due(payment.bought, payment.paid, refunded, held=held))


def payment_lines(
    lines: Sequence[LedgerLine], payment: Payment, origin: str, at: float
) -> list[LedgerLine]:
    """The lines to add to those there are: the purchase, and what has changed since."""
    purchase = LedgerLine(
        subject=payment.session_id,
        sequence=1,
        kind=Kind.CREDITS,
        quantity=payment.bought,
        access_until=None,
        cause=Cause.PURCHASE,
        origin=origin,
        at=at,
        customer=payment.customer,
        session_id=payment.session_id,
        payment_intent=payment.payment_intent,
    )
    if not lines and payment.bought <= 0:
        return []
    new = [] if lines else [purchase]
    last = (*lines, *new)[-1]
    change = payment_due(payment).quantity - total((*lines, *new)).quantity
    if change:
        cause, refund, dispute = _reason(payment, change, last.cause)
        new.append(
            replace(
                purchase,
                sequence=last.sequence + 1,
                quantity=change,
                cause=cause,
                refund=refund,
                dispute=dispute,
            )
        )
    return new


def _reason(payment: Payment, change: int, last: Cause) -> tuple[Cause, str | None, str | None]:
    """What changed it since the line with the ``last`` cause, and the id of the refund or of the
    dispute that did."""
    if dispute := holding(payment.disputes):
        cause = Cause.DISPUTE_LOST if dispute.status == LOST else Cause.DISPUTE_OPENED
        return cause, None, dispute.id
    won = newest(one for one in payment.disputes if one.status == WON)
    if change > 0 and won and last in (Cause.DISPUTE_OPENED, Cause.DISPUTE_LOST):
        return Cause.DISPUTE_WON, None, won.id
    wanted = (one for one in payment.refunds if one.has_succeeded == (change < 0))
    if refund := newest(wanted):
        return Cause.REFUND if change < 0 else Cause.REFUND_FAILED, refund.id, None
    return Cause.RECONCILED, None, None
