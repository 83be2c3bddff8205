"""A Checkout Session as this product reads it, and what it sells.

https://docs.stripe.com/api/checkout/sessions/object
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from billing.domain.money import format_money
from billing.domain.reason import UNKNOWN_CODE, Reason, reason_label
from billing.domain.sessions.source import SOURCE, Source
from billing.domain.stripe_json import JSON, integer_at, object_at, text_at
from billing.urls import web_url

APP = "billing-dashboard"  # what sessions that this app creates are known by: metadata["app"]
APP_METADATA = ("app", "kind", "quantity", "made_by", SOURCE)
LABEL = "label"  # in the metadata: what whoever created the session calls it
REFERENCE = "reference"  # a payment's metadata: the client_reference_id of its session
WHOLE_NUMBER = re.compile(r"\d{1,9}")
SESSION_ID = re.compile(r"cs_test_[A-Za-z0-9]{1,250}")


class Kind(StrEnum):
    """What a Checkout Session sells. The value is what stands in Stripe's ``metadata``."""

    PRO = "pro"
    CREDITS = "credits"

    @property
    def mode(self) -> str:
        """Checkout's mode: https://docs.stripe.com/api/checkout/sessions/object#mode"""
        return "subscription" if self is Kind.PRO else "payment"

    def describe(self, quantity: int) -> str:
        """The line a person reads in a table: ``Pro plan``, ``12 extra credits``."""
        if self is Kind.PRO:
            return "Pro plan"
        return f"{quantity:,} extra credit{'' if quantity == 1 else 's'}"


_CREATED_BY = {
    "page": "in this dashboard",
    "api": "through the API",
    "test kit": "by the Test kit",
    "demo history": "as demo data",
    "": "by another app",
}
_KINDS = frozenset(kind.value for kind in Kind)
_PAID = ("paid", "no_payment_required")


class Outcome(StrEnum):
    """What became of a session, in one word: by its status and its payment status, and by what
    neither of the two shows: the failure of its last payment, refunds and disputes. ``DECLINED``:
    it is open still. ``DISPUTED``: a dispute holds the money, or took it.

    https://docs.stripe.com/payments/checkout/fulfill-orders#delayed-payment-methods
    """

    OPEN = "open"
    DECLINED = "declined"
    PROCESSING = "processing"
    PAID = "paid"
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"
    DISPUTED = "disputed"
    FAILED = "failed"
    EXPIRED = "expired"

    @property
    def label(self) -> str:
        """As people read it: ``Partly refunded``."""
        return self.value.replace("_", " ").capitalize()

    @property
    def was_paid(self) -> bool:
        """It was paid, whatever became of the money since."""
        return self in WAS_PAID

    @property
    def is_final(self) -> bool:
        """Nothing is to be waited for any more."""
        return self not in (Outcome.OPEN, Outcome.DECLINED, Outcome.PROCESSING)

    @property
    def progress(self) -> int:
        """How far a session has come: of two states of one, the greater is the newer."""
        return _PROGRESS[self]


# Paid, whatever became of the money since.
WAS_PAID = (Outcome.PAID, Outcome.PARTLY_REFUNDED, Outcome.REFUNDED, Outcome.DISPUTED)
# Stripe's own states never go back. A list that calls a declined payment's session open, or a
# failed one unpaid, does not know of that payment; one that succeeds all the same is paid.
_PROGRESS = {
    Outcome.OPEN: 0,
    Outcome.DECLINED: 5,
    Outcome.PROCESSING: 10,
    Outcome.FAILED: 20,
    **dict.fromkeys(WAS_PAID, 30),
    Outcome.EXPIRED: 30,
}


@dataclass(frozen=True)
class CheckoutSession:
    """What this app reads of a Checkout Session.

    ``created`` and ``expires_at`` are Unix seconds UTC, ``amount_total`` is in minor units of
    ``currency``. ``url`` is set only while ``status`` is ``open``. ``kind``, ``quantity``,
    ``made_by`` and ``label`` are known only of sessions that are ``ours``. ``failure`` is why the
    last attempt to pay, or the delayed payment, failed, in the bank's words, ``failure_code`` in
    Stripe's; None while none has. ``amount_refunded`` of its payment went back, and
    ``amount_disputed`` was withdrawn by disputes that are open or lost, in minor units; both are
    known only of what is stored.
    """

    id: str
    created: int
    expires_at: int
    status: str
    payment_status: str
    mode: str
    amount_total: int | None
    currency: str | None
    customer_email: str | None
    url: str | None
    source: Source
    kind: Kind | None
    quantity: int
    made_by: str
    label: str
    failure: str | None = None
    failure_code: str | None = None
    amount_refunded: int = 0
    amount_disputed: int = 0

    @classmethod
    def from_stripe(
        cls,
        session: JSON,
        *,
        quantity: int | None = None,
        failure: str | None = None,
        failure_code: str | None = None,
        amount_refunded: int = 0,
        amount_disputed: int = 0,
    ) -> CheckoutSession:
        """From Stripe's object. ``quantity`` is what its line items say, where they are known
        (else what its metadata says), ``failure`` and ``failure_code`` why its payment failed, the
        amounts what went back of it (minor units)."""
        metadata = object_at(session, "metadata")
        ours = metadata.get("app") == APP
        sold = text_at(metadata, "kind")
        return cls(
            id=session["id"],
            created=integer_at(session, "created") or 0,
            expires_at=integer_at(session, "expires_at") or 0,
            status=text_at(session, "status") or "",
            payment_status=text_at(session, "payment_status") or "",
            mode=text_at(session, "mode") or "",
            amount_total=integer_at(session, "amount_total"),
            currency=text_at(session, "currency"),
            customer_email=email_in(session),
            url=web_url(session.get("url")),
            source=Source.of(metadata) if ours else Source.OTHER,
            kind=Kind(sold) if ours and sold in _KINDS else None,
            made_by=(text_at(metadata, "made_by") or "") if ours else "",
            label=(text_at(metadata, LABEL) or "") if ours else "",
            quantity=_quantity(metadata) if quantity is None else quantity,
            failure=failure,
            failure_code=failure_code,
            amount_refunded=amount_refunded,
            amount_disputed=amount_disputed,
        )

    @property
    def ours(self) -> bool:
        """This app created it."""
        return self.source is not Source.OTHER

    @property
    def what(self) -> str:
        """``Pro plan``, ``5 extra credits``; of another app's session only the mode is known."""
        if self.kind:
            return self.kind.describe(self.quantity)
        return {"subscription": "Other subscription", "setup": "Other setup"}.get(
            self.mode, "Other payment"
        )

    @property
    def created_by(self) -> str:
        """Who created it, as in "Created …": ``in this dashboard``, ``by jo@example.com``."""
        return _CREATED_BY.get(self.made_by, f"by {self.made_by}")

    @property
    def amount(self) -> str:
        """The total written out: ``$9.90``, ``Free``; empty where there is none (setup mode)."""
        if self.amount_total is None or self.currency is None:
            return ""
        return format_money(self.amount_total, self.currency) if self.amount_total else "Free"

    @property
    def went_back(self) -> str:
        """What refunds and disputes took back, written out: ``$2.97 refunded``; empty where
        nothing did."""
        amounts = ((self.amount_refunded, "refunded"), (self.amount_disputed, "disputed"))
        return ", ".join(
            f"{format_money(amount, self.currency)} {how}"
            for amount, how in amounts
            if amount and self.currency
        )

    @property
    def note(self) -> str:
        """What its outcome leaves to ask, in few words: why no money came, or what went back of it;
        empty where it is simply paid."""
        match self.outcome:
            case Outcome.OPEN:
                return "Nothing paid yet"
            case Outcome.PROCESSING:
                return "Payment on its way"
            case Outcome.DECLINED | Outcome.FAILED:
                return self._failure_note
            case Outcome.EXPIRED:
                if why := self._failure_note:
                    return f"Declined: {why[:1].lower()}{why[1:]}"
                # Stripe ties the declines of a subscription to no session that was not paid.
                return "Never paid" if self.mode == "subscription" else Reason.ABANDONED.label
        return self.went_back

    @property
    def _failure_note(self) -> str:
        if self.failure_code in (None, UNKNOWN_CODE):
            return self.failure or ""
        return reason_label(self.failure_code)

    @property
    def is_paid(self) -> bool:
        """Nothing is owed any more: Stripe's own rule for fulfillment."""
        # Sessions of before 2021 have no status.
        return self.status in ("complete", "") and self.payment_status in _PAID

    @property
    def outcome(self) -> Outcome:
        """What became of it."""
        if self.is_paid:
            return self._paid_outcome
        if self.status == "complete":
            return Outcome.FAILED if self.failure else Outcome.PROCESSING
        if self.status == "open":
            return Outcome.DECLINED if self.failure else Outcome.OPEN
        return Outcome.EXPIRED

    @property
    def _paid_outcome(self) -> Outcome:
        if self.amount_disputed:
            return Outcome.DISPUTED
        if self.amount_refunded:
            is_whole = self.amount_refunded >= (self.amount_total or 0)
            return Outcome.REFUNDED if is_whole else Outcome.PARTLY_REFUNDED
        return Outcome.PAID


def email_in(session: JSON) -> str | None:
    """The email in a session (Stripe's object): the one given at Checkout, else the one that it
    was created for."""
    return text_at(session, "customer_details", "email") or text_at(session, "customer_email")


def _quantity(metadata: JSON) -> int:
    quantity = str(metadata.get("quantity", ""))
    return int(quantity) if WHOLE_NUMBER.fullmatch(quantity) else 1
