"""What a subscription gives, by what Stripe says of it now.

https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from billing.domain.ledger.line import Cause, Due, LedgerLine, total
from billing.domain.ledger.refunds import LOST, WON, Dispute, holding, newest
from billing.domain.sessions.checkout_session import Kind
from billing.domain.stripe_json import JSON, id_at, integer_at, object_at, objects_at, text_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from billing.domain.sessions.line_item import SoldPrice

TRIALING = "trialing"
ACTIVE = frozenset(("active", TRIALING))
PAST_DUE = "past_due"
PAUSED = "paused"
NEVER_BEGAN = frozenset(("", "incomplete", "incomplete_expired"))
ENDED = frozenset(("canceled", "incomplete", "incomplete_expired"))
_UNPAID = frozenset((PAST_DUE, "unpaid", "incomplete"))


@dataclass(frozen=True)
class Invoice:
    """An invoice of a subscription: until when (Unix seconds) the period lasts that it is for,
    when Stripe tries the card again (None: no more), the PaymentIntents that pay it, and what was
    paid (minor units of ``currency``).
    https://docs.stripe.com/api/invoices/object"""

    id: str
    status: str
    period_end: int
    next_attempt: int | None
    payment_intents: frozenset[str]
    amount_paid: int = 0
    currency: str = ""

    @classmethod
    def from_stripe(cls, data: JSON) -> Invoice:
        """From Stripe's object of any API version, with its payments expanded."""
        ends = (integer_at(line, "period", "end") or 0 for line in objects_at(data, "lines"))
        paid_by = {
            *(id_at(one, "payment", "payment_intent") for one in objects_at(data, "payments")),
            id_at(data, "payment_intent"),
        }
        return cls(
            id=data["id"],
            status=text_at(data, "status") or "",
            period_end=max(ends, default=0),
            next_attempt=integer_at(data, "next_payment_attempt"),
            payment_intents=frozenset(one for one in paid_by if one),
            amount_paid=integer_at(data, "amount_paid") or 0,
            currency=text_at(data, "currency") or "",
        )


@dataclass(frozen=True)
class Subscription:
    """A subscription: its ``status`` in Stripe's word, until when the paid period of its Pro item
    lasts (Unix seconds; ``period_end`` is None where no item sells Pro), when it will be canceled,
    and whether its collection is paused. https://docs.stripe.com/api/subscriptions/object"""

    id: str
    status: str
    created: int
    customer: str | None
    period_start: int | None
    period_end: int | None
    cancel_at: int | None
    collection_is_paused: bool
    latest_invoice: str | None

    @classmethod
    def from_stripe(cls, data: JSON, pro: SoldPrice) -> Subscription:
        """From Stripe's object of any API version; ``pro`` tells which item is the Pro plan's."""
        items = [item for item in objects_at(data, "items") if pro.sells_price_of(item)]
        # Before basil the subscription had the period: https://docs.stripe.com/changelog
        period = items[0] if items and integer_at(items[0], "current_period_end") else data
        return cls(
            id=data["id"],
            status=text_at(data, "status") or "",
            created=integer_at(data, "created") or 0,
            customer=id_at(data, "customer"),
            period_start=integer_at(period, "current_period_start") if items else None,
            period_end=(integer_at(period, "current_period_end") or 0) if items else None,
            cancel_at=integer_at(data, "cancel_at"),
            collection_is_paused=bool(object_at(data, "pause_collection")),
            latest_invoice=id_at(data, "latest_invoice"),
        )

    @property
    def until(self) -> int | None:
        """When Pro ends as things stand: with the period, or where it will be canceled before."""
        if self.period_end is None:
            return None
        return min(self.period_end, self.cancel_at or self.period_end)


@dataclass(frozen=True)
class ProState:
    """A subscription with its invoices and their disputes, as far as they are known."""

    subscription: Subscription
    invoices: tuple[Invoice, ...] = ()
    disputes: tuple[Dispute, ...] = ()

    @property
    def dispute(self) -> Dispute | None:
        """The dispute that holds the money for the current period, or lost it."""
        paid_by = {
            intent
            for invoice in self.invoices
            if invoice.period_end == self.subscription.period_end
            for intent in invoice.payment_intents
        }
        return holding(one for one in self.disputes if one.payment_intent in paid_by)

    @property
    def in_grace(self) -> bool:
        """A renewal was not paid, and Stripe tries again."""
        if self.subscription.status != PAST_DUE:
            return False
        latest = self._latest_invoice
        return latest is None or latest.next_attempt is not None

    @property
    def has_begun(self) -> bool:
        """Something was paid for it, or it is a trial."""
        status = self.subscription.status
        paid = any(invoice.status == "paid" for invoice in self.invoices)
        return status == TRIALING or (paid and status not in NEVER_BEGAN)

    @property
    def _latest_invoice(self) -> Invoice | None:
        name = self.subscription.latest_invoice
        return next((one for one in self.invoices if one.id == name), None)

    @property
    def due(self) -> Due:
        """What it gives now."""
        pays = self.subscription.status in ACTIVE or self.in_grace
        until = self.subscription.until
        return Due(1, until) if pays and until is not None and not self.dispute else Due(0)


def pro_lines(
    lines: Sequence[LedgerLine],
    state: ProState,
    origin: str,
    at: float,
    session_id: str | None = None,
    *,
    paid: bool = False,
) -> list[LedgerLine]:
    """The lines to add to those there are: the purchase, and what has changed since. Of a
    subscription that never began, or never sold Pro, there are none.

    ``paid``: the Checkout Session that began it is. A bank debit that is still under way leaves
    the subscription active for Stripe; it gives nothing until the money is there.
    """
    subscription = state.subscription
    purchase = LedgerLine(
        subject=subscription.id,
        sequence=1,
        kind=Kind.PRO,
        quantity=1,
        access_until=subscription.until,
        cause=Cause.PURCHASE,
        origin=origin,
        at=at,
        customer=subscription.customer,
        session_id=session_id,
        invoice=subscription.latest_invoice,
        subscription=subscription.id,
    )
    begins = state.has_begun or (paid and subscription.status not in NEVER_BEGAN)
    if not lines and (not begins or subscription.until is None):
        return []
    new = [] if lines else [purchase]
    last, had, due = (*lines, *new)[-1], total((*lines, *new)), state.due
    if due != had:
        cause, dispute = _reason(state, had, due, last.cause)
        change = replace(
            purchase,
            sequence=last.sequence + 1,
            quantity=due.quantity - had.quantity,
            access_until=due.access_until,
            cause=cause,
            dispute=dispute,
        )
        new.append(change)
    return new


def _reason(state: ProState, had: Due, due: Due, last: Cause) -> tuple[Cause, str | None]:
    """What changed it since the line with the ``last`` cause, and the id of the dispute that
    did."""
    subscription = state.subscription
    if not due.quantity:
        return _end(state)
    if not had.quantity:
        if last in (Cause.DISPUTE_OPENED, Cause.DISPUTE_LOST):
            won = newest(one for one in state.disputes if one.status == WON)
            return (Cause.DISPUTE_WON, won.id) if won else (Cause.RENEWAL, None)
        return (Cause.RENEWAL if last is Cause.PAYMENT_FAILED else Cause.RESUMED), None
    if had.access_until is None:  # a purchase of before the ledger knew until when
        return Cause.RECONCILED, None
    if subscription.cancel_at is not None and due.access_until == subscription.cancel_at:
        return Cause.CANCELED, None
    return (Cause.RESUMED if last is Cause.CANCELED else Cause.RENEWAL), None


def _end(state: ProState) -> tuple[Cause, str | None]:
    status = state.subscription.status
    if status == PAUSED:
        return Cause.PAUSED, None
    if status in _UNPAID:
        return Cause.PAYMENT_FAILED, None
    if dispute := state.dispute if status in ACTIVE else None:
        lost = dispute.status == LOST
        return Cause.DISPUTE_LOST if lost else Cause.DISPUTE_OPENED, dispute.id
    return Cause.CANCELED, None


def best(states: Iterable[ProState]) -> ProState | None:
    """Of a customer's subscriptions the one that counts: of those that give Pro, the one that
    lasts longest; else the newest."""

    def rank(state: ProState) -> tuple[int, int, int]:
        due = state.due
        return due.quantity, due.access_until or 0, state.subscription.created

    return max(states, key=rank, default=None)
