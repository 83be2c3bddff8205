"""All that is known of one customer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from billing.domain.ledger.refunds import Dispute, amount_disputed, amount_refunded
from billing.domain.sessions.checkout_session import Outcome
from billing.domain.stripe_json import JSON, id_at, integer_at, object_at, objects_at, text_at
from billing.urls import web_url

if TYPE_CHECKING:
    from billing.domain.customers.customer import Customer
    from billing.domain.ledger.line import LedgerLine
    from billing.domain.ledger.refunds import Refund
    from billing.domain.sessions.checkout_session import CheckoutSession


@dataclass(frozen=True)
class LedgerEntry:
    """A line of the ledger, and the type of the event that told of it, where one did and is
    stored."""

    line: LedgerLine
    event_type: str | None


@dataclass(frozen=True)
class PaymentDispute:
    """A dispute, why the bank opened it (Stripe's word), and until when evidence may be sent (Unix
    seconds). https://docs.stripe.com/api/disputes/object"""

    dispute: Dispute
    reason: str
    evidence_due: int | None

    @classmethod
    def from_stripe(cls, data: JSON) -> PaymentDispute:
        """From Stripe's object."""
        return cls(
            dispute=Dispute.from_stripe(data),
            reason=text_at(data, "reason") or "",
            evidence_due=integer_at(data, "evidence_details", "due_by"),
        )


@dataclass(frozen=True)
class CustomerPayment:
    """A payment of a Checkout Session or of an invoice: when (Unix seconds), ``amount`` in minor
    units, and what became of it since. ``session_id`` or ``invoice`` is what it paid."""

    at: int
    amount: int
    currency: str
    what: str
    payment_intent: str | None
    session_id: str | None
    invoice: str | None
    subscription: str | None
    refunds: tuple[Refund, ...]
    disputes: tuple[PaymentDispute, ...]

    @property
    def outcome(self) -> Outcome:
        """In one word, as of a session."""
        if amount_disputed(one.dispute for one in self.disputes):
            return Outcome.DISPUTED
        refunded = amount_refunded(self.refunds)
        if not refunded:
            return Outcome.PAID
        return Outcome.REFUNDED if refunded >= self.amount else Outcome.PARTLY_REFUNDED


@dataclass(frozen=True)
class CustomerInvoice:
    """An invoice: ``amount`` due in minor units, how often the card was tried, and when it is tried
    next (Unix seconds; None: no more). https://docs.stripe.com/api/invoices/object"""

    id: str
    created: int
    amount: int
    currency: str
    status: str
    attempts: int
    next_attempt: int | None
    period_start: int | None
    period_end: int | None
    page_url: str | None

    @classmethod
    def from_stripe(cls, data: JSON) -> CustomerInvoice:
        """From Stripe's object. Its own period lies before the one that its lines are for."""
        periods = [object_at(line, "period") for line in objects_at(data, "lines")]
        return cls(
            id=data["id"],
            created=integer_at(data, "created") or 0,
            amount=integer_at(data, "amount_due") or 0,
            currency=text_at(data, "currency") or "usd",
            status=text_at(data, "status") or "",
            attempts=integer_at(data, "attempt_count") or 0,
            next_attempt=integer_at(data, "next_payment_attempt"),
            period_start=max((integer_at(one, "start") or 0 for one in periods), default=0) or None,
            period_end=max((integer_at(one, "end") or 0 for one in periods), default=0) or None,
            page_url=web_url(data.get("hosted_invoice_url")),
        )


@dataclass(frozen=True)
class CustomerSubscription:
    """A subscription: its ``status`` in Stripe's word, the current period, and what is to come
    (Unix seconds). ``next_attempt`` is when Stripe tries to have its newest invoice paid again,
    ``gives_pro`` what the ledger says.
    https://docs.stripe.com/api/subscriptions/object"""

    id: str
    status: str
    created: int
    period_start: int | None
    period_end: int | None
    cancel_at: int | None
    ended_at: int | None
    collection_is_paused: bool
    next_attempt: int | None
    gives_pro: bool

    @classmethod
    def from_stripe(
        cls, data: JSON, invoices: dict[str, CustomerInvoice], *, gives_pro: bool
    ) -> CustomerSubscription:
        """From Stripe's object of any API version, and the invoices by id."""
        items = objects_at(data, "items")
        period = items[0] if items and integer_at(items[0], "current_period_end") else data
        latest = invoices.get(id_at(data, "latest_invoice") or "")
        return cls(
            id=data["id"],
            status=text_at(data, "status") or "",
            created=integer_at(data, "created") or 0,
            period_start=integer_at(period, "current_period_start"),
            period_end=integer_at(period, "current_period_end"),
            cancel_at=integer_at(data, "cancel_at"),
            ended_at=integer_at(data, "ended_at"),
            collection_is_paused=bool(object_at(data, "pause_collection")),
            next_attempt=latest.next_attempt if latest and latest.status == "open" else None,
            gives_pro=gives_pro,
        )


@dataclass(frozen=True)
class CustomerDetails:
    """A customer with what is theirs, the newest first; ``entries`` are the lines of the ledger.
    ``same_email`` is how many other Customers have their email. ``dashboard_url`` leads to them in
    Stripe's Dashboard; None of guests, and when the API is not Stripe's."""

    customer: Customer
    entries: tuple[LedgerEntry, ...]
    sessions: tuple[CheckoutSession, ...]
    subscriptions: tuple[CustomerSubscription, ...]
    invoices: tuple[CustomerInvoice, ...]
    payments: tuple[CustomerPayment, ...]
    same_email: int
    dashboard_url: str | None
