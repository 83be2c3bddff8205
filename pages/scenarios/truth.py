"""What a sale gives now by what Stripe says of it, without the rules of ``billing``: the other
side of each verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from billing.domain.ledger.line import Due
from billing.domain.money import format_money
from billing.domain.sessions.checkout_session import CheckoutSession, Kind

if TYPE_CHECKING:
    from billing.domain.stripe_json import JSON
    from pages.scenarios.runs.run import ScenarioRun
    from pages.scenarios.stripe_api import StripeApi

NEVER_PAID = ("incomplete", "incomplete_expired")


@dataclass(frozen=True)
class Sale:
    """Stripe's objects of one sale: the Checkout Session with its line items, and what came of it;
    without a ``session``, a subscription that was made by the API, or a ``payment`` (PaymentIntent)
    by the API, which is none of ours. ``charge`` paid for credits; ``subscription`` has its latest
    invoice expanded; ``disputes`` are those of the charge, or of what paid that invoice."""

    session: JSON | None = None
    charge: JSON | None = None
    subscription: JSON | None = None
    disputes: tuple[JSON, ...] = ()
    payment: JSON | None = None

    @property
    def is_paid(self) -> bool:
        """Something that we sell was paid, whatever came later."""
        if self.session:
            return bool(self.session["payment_status"] == "paid")
        return bool(self.subscription) and self.state not in NEVER_PAID

    @property
    def state(self) -> str:
        """In Stripe's words: ``complete, paid``, ``active``."""
        if self.session:
            return f"{self.session['status']}, {self.session['payment_status']}"
        found = self.subscription or self.payment
        return str(found["status"]) if found else "nothing"

    @property
    def kind(self) -> Kind | None:
        """What was sold."""
        if self.session:
            return CheckoutSession.from_stripe(self.session).kind
        return Kind.PRO if self.subscription else None

    @property
    def amount(self) -> str:
        """What was paid at first, as people read it."""
        if self.session:
            return CheckoutSession.from_stripe(self.session).amount
        if not self.subscription:
            return ""
        invoice = self.subscription["latest_invoice"]
        return format_money(invoice["amount_paid"], invoice["currency"])

    @property
    def bought(self) -> int:
        """The quantity of its line items."""
        if not self.session:
            return int(self.is_paid)
        return sum(item["quantity"] for item in self.session["line_items"]["data"])

    @property
    def due(self) -> Due:
        """What the customer should have."""
        if not self.is_paid:
            return Due(0)
        taken = any(money_is_taken(dispute) for dispute in self.disputes)
        if self.subscription:
            return pro_due(self.subscription, taken=taken)
        return Due(0 if taken else credits_left(self.bought, self.charge))


def read_sale(stripe: StripeApi, run: ScenarioRun) -> Sale:
    """Read what a run has sold from Stripe. Raises ``BillingError``."""
    if not run.session_id:
        if run.subscription:
            return read_pro_sale(stripe, run.subscription)
        return Sale(payment=stripe.get(f"payment_intents/{run.payment_intent}"))
    session = stripe.get(f"checkout/sessions/{run.session_id}", **{"expand[]": "line_items"})
    if session["subscription"]:
        return read_pro_sale(stripe, session["subscription"], session)
    intent = session["payment_intent"]
    if not intent:
        return Sale(session)
    charges = stripe.page("charges", payment_intent=intent)
    paid = next((charge for charge in charges if charge["paid"]), None)
    return Sale(session, paid, disputes=tuple(stripe.page("disputes", payment_intent=intent)))


def read_subscription(stripe: StripeApi, name: str) -> JSON:
    """The subscription of that id, with its latest invoice and what pays that."""
    return stripe.get(f"subscriptions/{name}", **{"expand[]": "latest_invoice.payments"})


def read_pro_sale(stripe: StripeApi, name: str, session: JSON | None = None) -> Sale:
    """The same of a subscription (its id), and of the ``session`` that began it."""
    subscription = read_subscription(stripe, name)
    intents = [
        payment["payment"]["payment_intent"]
        for payment in subscription["latest_invoice"]["payments"]["data"]
    ]
    disputes = [one for intent in intents for one in stripe.page("disputes", payment_intent=intent)]
    return Sale(session, subscription=subscription, disputes=tuple(disputes))


def credits_left(bought: int, charge: JSON | None) -> int:
    """Of the credits ``bought`` those that what is left of the money pays for, rounded up."""
    if charge is None or not charge["amount"]:
        return bought
    amount: int = charge["amount"]
    left: int = amount - charge["amount_refunded"]
    return -(-bought * left // amount)


def pro_due(subscription: JSON, *, taken: bool) -> Due:
    """Pro, and until when (Unix seconds): while Stripe calls it active, or tries again to collect
    the latest invoice. ``taken``: the money for the period was taken back."""
    retries = subscription["latest_invoice"]["next_payment_attempt"] is not None
    status = subscription["status"]
    active = status in ("active", "trialing") or (status == "past_due" and retries)
    if taken or not active:
        return Due(0)
    ends = [subscription["items"]["data"][0]["current_period_end"], subscription["cancel_at"]]
    return Due(1, min(end for end in ends if end))


def money_is_taken(dispute: JSON) -> bool:
    """The dispute has withdrawn money that it has not given back."""
    moved: int = sum(one["amount"] for one in dispute["balance_transactions"])
    return moved < 0
