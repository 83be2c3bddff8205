"""Payments by card: charged at once, paid or refused (https://docs.stripe.com/payments/cards)."""

from __future__ import annotations

from dataclasses import dataclass

from stripe_sandbox.api.endpoint import NO_REQUEST, RequestInfo
from stripe_sandbox.payment_methods.cards import CardRefusal, TestCard
from stripe_sandbox.resources.payments.charges import Charges
from stripe_sandbox.resources.payments.payment_intents import PaymentIntents, holds_money
from stripe_sandbox.storage.objects import Object


@dataclass(frozen=True)
class CardPayment:
    """A PaymentIntent and the card that is to pay it; `refusal` is what the bank will say (None:
    it pays), `authenticated` whether the payer passed 3-D Secure, `request` what asks for it."""

    intent: Object
    method: Object
    card: TestCard
    refusal: CardRefusal | None
    authenticated: bool = False
    request: RequestInfo = NO_REQUEST


class CardCharges:
    """Charges cards."""

    def __init__(self, charges: Charges, intents: PaymentIntents) -> None:
        self._charges = charges
        self._intents = intents

    def charge(self, payment: CardPayment) -> None:
        """Charge the card; the intent has succeeded, holds the money (`requires_capture`), or has
        failed with the refusal. Records the events of the charge and the intent."""
        intent, method, refusal = payment.intent, payment.method, payment.refusal
        request = payment.request
        charge = self._charges.create(
            intent,
            method,
            payment.card,
            refusal,
            authenticated=payment.authenticated,
            request=request,
        )
        if refusal is not None:
            self._intents.fail(intent, method, refusal, charge, request)
        elif holds_money(intent):
            self._intents.authorize(intent, method, charge, request)
        else:
            self._intents.succeed(intent, method, charge, request)
