"""What a payment for credits gives, by what Stripe says of it now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from billing.domain.ledger.line import Cause, Due, LedgerLine, total
from billing.domain.ledger.refunds import LOST, WON, amount_refunded, holding, newest
from billing.domain.sessions.checkout_session import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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


def bought(lines: Iterable[LedgerLine]) -> int:
    """How many credits were bought, by the lines of a payment: as the purchase fixed it, or as
    reconciliation has corrected it since."""
    fixed = (Cause.PURCHASE, Cause.RECONCILED)
    return sum(line.quantity for line in lines if line.cause in fixed)


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
        cause, refund, dispute = _reason(payment, change, (*lines, *new))
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


def _reason(
    payment: Payment, change: int, lines: Sequence[LedgerLine]
) -> tuple[Cause, str | None, str | None]:
    """What changed it since these lines, and the id of the refund or of the dispute that did."""
    if dispute := holding(payment.disputes):
        cause = Cause.DISPUTE_LOST if dispute.status == LOST else Cause.DISPUTE_OPENED
        return cause, None, dispute.id
    won = newest(one for one in payment.disputes if one.status == WON)
    if change > 0 and won and lines[-1].cause in (Cause.DISPUTE_OPENED, Cause.DISPUTE_LOST):
        return Cause.DISPUTE_WON, None, won.id
    taken = change < 0
    known = {line.refund for line in lines}
    refunds = [one for one in payment.refunds if one.has_succeeded == taken]
    # What no line names yet has taken; of several that did so at once, one is named.
    refund = newest(one for one in refunds if (one.id in known) != taken) or newest(refunds)
    return Cause.REFUND if taken else Cause.REFUND_FAILED, refund.id if refund else None, None
