"""Payments by card: charged at once, paid or refused (https://docs.stripe.com/payments/cards)."""

from __future__ import annotations

from dataclasses import dataclass

from stripe_sandbox.cards import CardRefusal, TestCard
from stripe_sandbox.resources.payments.charges import Charges
from stripe_sandbox.resources.payments.payment_intents import PaymentIntents
from stripe_sandbox.storage.objects import Object


@dataclass(frozen=True)
class CardPayment:
    """A PaymentIntent and the card that is to pay it; `refusal` is what the bank will say (None:
    it pays), `authenticated` whether the payer passed 3-D Secure."""

    intent: Object
    method: Object
    card: TestCard
    refusal: CardRefusal | None
    authenticated: bool = False


class CardCharges:
    """Charges cards."""

    def __init__(self, charges: Charges, intents: PaymentIntents) -> None:
        self._charges = charges
        self._intents = intents

    def charge(self, payment: CardPayment) -> None:
        """Charge the card; the intent has succeeded, or failed with the refusal. Records the
        events of the charge and the intent."""
        intent, method, refusal = payment.intent, payment.method, payment.refusal
        charge = self._charges.create(
            intent, method, payment.card, refusal, authenticated=payment.authenticated
        )
        if refusal is None:
            self._intents.succeed(intent, method, charge)
        else:
            self._intents.fail(intent, method, refusal, charge)
