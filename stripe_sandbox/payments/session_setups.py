"""Saving the card for a Checkout Session in which nothing is due today: in setup mode, and for a
free trial (https://docs.stripe.com/payments/checkout/free-trials)."""

from __future__ import annotations

from stripe_sandbox.api.endpoint import NO_REQUEST
from stripe_sandbox.backend import Backend
from stripe_sandbox.payment_methods import cards
from stripe_sandbox.payment_methods.cards import CardRefusal, TestCard
from stripe_sandbox.payments.completion import SessionCompletion
from stripe_sandbox.payments.outcomes import (
    AuthenticationRequired,
    Declined,
    Paid,
    PaymentOutcome,
)
from stripe_sandbox.resources.checkout.checkout_session_object import return_url
from stripe_sandbox.resources.customers.setup_intents import SetupIntents
from stripe_sandbox.storage.objects import Object

KIND = "checkout.session"


class SessionSetups:
    """Saves a card by a SetupIntent, and completes the session."""

    def __init__(
        self, backend: Backend, intents: SetupIntents, completion: SessionCompletion
    ) -> None:
        self._backend = backend
        self._intents = intents
        self._completion = completion

    def begin(self, session: Object, method: Object, card: TestCard) -> PaymentOutcome:
        """Complete the session with the card, unless its bank refuses or wants 3-D Secure first;
        then `payment_intent` is the SetupIntent's id."""
        hidden = self._backend.objects.hidden(KIND, session["id"])
        if "setup_intent" in hidden:
            intent = self._backend.require("setup_intent", hidden["setup_intent"], "")
            self._intents.abandon_attempt(intent)
        else:
            given = {"customer": session["customer"]}
            intent = self._intents.create(given, None, NO_REQUEST)
        hidden.update(setup_intent=intent["id"], payment_method=method["id"])
        self._backend.objects.save_hidden(KIND, session["id"], hidden)
        if card.authentication:
            self._intents.require_action(intent, method, None, NO_REQUEST)
            return AuthenticationRequired(intent["id"])
        return self._finish(session, intent, method, None if card.attaches else card.refusal)

    def authenticate(self, session: Object, identifier: str, *, succeed: bool) -> PaymentOutcome:
        """Finish a 3-D Secure challenge. KeyError: there is no such challenge."""
        hidden = self._backend.objects.hidden(KIND, session["id"])
        intent = self._backend.objects.get("setup_intent", identifier)
        if (
            intent is None
            or hidden.get("setup_intent") != identifier
            or intent["status"] != "requires_action"
        ):
            raise KeyError(identifier)
        method = self._backend.require("payment_method", hidden["payment_method"], "")
        card = cards.of_fingerprint(method["card"]["fingerprint"])
        refusal = None if card.attaches else card.refusal
        return self._finish(
            session, intent, method, refusal if succeed else cards.SETUP_AUTHENTICATION_FAILED
        )

    def _finish(
        self, session: Object, intent: Object, method: Object, refusal: CardRefusal | None
    ) -> PaymentOutcome:
        if refusal is not None:
            self._intents.fail(intent, method, refusal, NO_REQUEST)
            return Declined(refusal.code, refusal.decline_code, refusal.message, refusal.param)
        self._intents.succeed(intent, method, NO_REQUEST)
        completed = self._completion.complete(session, method["billing_details"], None, method)
        self._intents.change(intent, {"customer": session["customer"]}, NO_REQUEST)
        return Paid(return_url(session) or "", (completed,))
