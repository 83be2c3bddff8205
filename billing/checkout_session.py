"""A Checkout Session as this product reads it, and what it sells.

https://docs.stripe.com/api/checkout/sessions/object
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from billing.money import format_money
from billing.urls import web_url

APP = "billing-dashboard"  # how our own sessions are known: metadata["app"]
APP_METADATA = ("app", "kind", "quantity", "made_by")
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


_KINDS = frozenset(kind.value for kind in Kind)


@dataclass(frozen=True)
class CheckoutSession:
    """A Checkout Session as this product reads it.

    ``created`` and ``expires_at`` are Unix seconds UTC, ``amount_total`` minor units of
    ``currency``. ``url`` is set only while ``status`` is ``open``, and leads to a website. ``ours``
    says that this app made it; ``kind``, ``quantity`` and ``made_by`` are known only then.
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
    ours: bool
    kind: Kind | None
    quantity: int
    made_by: str

    @classmethod
    def from_stripe(cls, session: dict[str, Any]) -> CheckoutSession:
        metadata = session.get("metadata") or {}
        ours = metadata.get("app") == APP
        sold = metadata.get("kind")
        quantity = str(metadata.get("quantity", ""))
        return cls(
            id=session["id"],
            created=session["created"],
            expires_at=session["expires_at"],
            status=session.get("status") or "",
            payment_status=session["payment_status"],
            mode=session["mode"],
            amount_total=session.get("amount_total"),
            currency=session.get("currency"),
            customer_email=(session.get("customer_details") or {}).get("email")
            or session.get("customer_email"),
            url=web_url(session.get("url")),
            ours=ours,
            kind=Kind(sold) if ours and sold in _KINDS else None,
            made_by=str(metadata.get("made_by", "")) if ours else "",
            quantity=int(quantity) if WHOLE_NUMBER.fullmatch(quantity) else 1,
        )

    @property
    def what(self) -> str:
        """``Pro plan``, ``5 extra credits``; of another app's session only the mode is known."""
        if self.kind:
            return self.kind.describe(self.quantity)
        return {"subscription": "Other subscription", "setup": "Other setup"}.get(
            self.mode, "Other payment"
        )

    @property
    def amount(self) -> str:
        """The total written out, or an empty string where there is none (setup mode)."""
        if self.amount_total is None or self.currency is None:
            return ""
        return format_money(self.amount_total, self.currency)

    @property
    def is_paid(self) -> bool:
        """Nothing is owed any more: Stripe's own rule for fulfillment."""
        return self.status == "complete" and self.payment_status != "unpaid"
