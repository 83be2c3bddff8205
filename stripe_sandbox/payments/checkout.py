"""Paying a Checkout Session (https://docs.stripe.com/payments/checkout/how-checkout-works).

Everything a payment changes is one transaction, the events and their deliveries included.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import NO_REQUEST
from stripe_sandbox.backend import Backend
from stripe_sandbox.payment_methods import bank_accounts, cards
from stripe_sandbox.payment_methods.cards import CardRefusal, TestCard
from stripe_sandbox.payments.bank_debits import SETTLES_IN, DebitPayment
from stripe_sandbox.payments.card_charges import CardCharges, CardPayment
from stripe_sandbox.payments.completion import SessionCompletion
from stripe_sandbox.payments.outcomes import (
    AuthenticationRequired,
    Card,
    Declined,
    NotOpen,
    Paid,
    Payer,
    PaymentOutcome,
    Processing,
    SavedCard,
)
from stripe_sandbox.payments.session_setups import SessionSetups
from stripe_sandbox.payments.validation import check_card, payer_refusal
from stripe_sandbox.resources.billing.test_clocks import TestClocks
from stripe_sandbox.resources.checkout.checkout_session_object import (
    asks_payment_method,
    known_email,
    redisplay,
    return_url,
)
from stripe_sandbox.resources.checkout.checkout_sessions import CheckoutSessions
from stripe_sandbox.resources.checkout.custom_fields import answered
from stripe_sandbox.resources.customers.payment_methods import PaymentMethods, billing_details
from stripe_sandbox.resources.payments.payment_intents import PaymentIntents
from stripe_sandbox.storage.objects import Object

__all__ = [
    "AuthenticationRequired", "Card", "Declined", "NotOpen", "Paid", "Payer", "PaymentOutcome",
    "Payments", "Processing",
]  # fmt: skip


class Payments:
    """Pays, declines and authenticates Checkout Sessions."""

    def __init__(
        self,
        backend: Backend,
        sessions: CheckoutSessions,
        methods: PaymentMethods,
        intents: PaymentIntents,
        card_charges: CardCharges,
        completion: SessionCompletion,
        setups: SessionSetups,
        test_clocks: TestClocks,
    ) -> None:
        self._backend = backend
        self._sessions = sessions
        self._methods = methods
        self._intents = intents
        self._card_charges = card_charges
        self._completion = completion
        self._setups = setups
        self._test_clocks = test_clocks

    def pay(
        self, session_id: str, card: Card, payer: Payer, *, first_charge_passes: bool = False
    ) -> PaymentOutcome:
        """Try to pay the session with the card. KeyError: no such session.

        A card that can only be saved is declined, as Stripe's Checkout charges at once;
        `first_charge_passes` lets it begin a subscription, whose renewals then fail.
        """
        with self._paying(session_id) as session:
            if isinstance(session, NotOpen):
                return session
            test_card, refusal = check_card(card, self._backend.clock)
            email = known_email(session) or payer.email
            refusal = refusal or payer_refusal(email, payer)
            if test_card is None or refusal is not None:
                return _declined(refusal or cards.NOT_A_TEST_CARD)
            billing = billing_details(email, payer.name, payer.country, payer.address, payer.phone)
            self._answer(session, payer)
            if not asks_payment_method(session):
                return self._complete_free(session, billing)
            method = self._methods.create_card(
                test_card,
                card.exp_month,
                card.exp_year,
                billing,
                redisplay(session, saves=payer.saves),
            )
            if not session["amount_total"]:
                self._cancel_tries(session)
                return self._setups.begin(session, method, test_card)
            begins = first_charge_passes and session["mode"] == "subscription"
            refusal = None if begins and test_card.attaches else test_card.refusal
            return self._charge_or_ask(session, method, test_card, refusal)

    def pay_again(self, session_id: str, card: SavedCard, payer: Payer) -> PaymentOutcome:
        """Try to pay the session with a card that its customer has saved. KeyError: no such
        session. StripeError: the session does not offer the card."""
        with self._paying(session_id) as session:
            if isinstance(session, NotOpen):
                return session
            offered = {one["id"]: one for one in self._methods.of_session(session)}
            method = offered.get(card.id)
            if method is None:
                raise errors.no_such("payment_method", card.id, "payment_method")
            self._answer(session, payer)
            test_card = cards.of_fingerprint(method["card"]["fingerprint"])
            if not session["amount_total"]:
                self._cancel_tries(session)
                return self._setups.begin(session, method, test_card)
            return self._charge_or_ask(session, method, test_card, test_card.refusal)

    def _charge_or_ask(
        self, session: Object, method: Object, card: TestCard, refusal: CardRefusal | None
    ) -> PaymentOutcome:
        intent = self._intent(session)
        self._remember(session, intent, method)
        if card.authentication:
            self._intents.require_action(intent, method)
            return AuthenticationRequired(intent["id"])
        return self._charge(session, CardPayment(intent, method, card, refusal))

    def complete(self, session_id: str, payer: Payer) -> PaymentOutcome:
        """Complete the session without a payment method. KeyError: no such session. StripeError: it
        needs one."""
        with self._paying(session_id) as session:
            if isinstance(session, NotOpen):
                return session
            if asks_payment_method(session):
                raise errors.invalid("This Checkout Session needs a payment method.", "card")
            email = known_email(session) or payer.email
            refusal = payer_refusal(email, payer)
            if refusal is not None:
                return _declined(refusal)
            self._answer(session, payer)
            billing = billing_details(email, "", None, phone=payer.phone)
            return self._complete_free(session, billing)

    def enter_code(self, session_id: str, code: str | None) -> NotOpen | None:
        """Discount the session by a promotion code; None takes the discount back. KeyError: no such
        session. StripeError: it takes no codes, or not this one."""
        with self._backend.database.transaction():
            session = self._open_session(session_id)
            if isinstance(session, NotOpen):
                return session
            if not session["allow_promotion_codes"]:
                raise errors.invalid(
                    "This Checkout Session takes no promotion codes.", "promotion_code"
                )
            self._sessions.enter_code(session, code)
            return None

    def debit(
        self, session_id: str, account_number: str, payer: Payer, settles_in: float = SETTLES_IN
    ) -> PaymentOutcome:
        """Pay the session from a US test bank account: complete now, paid or not `settles_in`
        seconds later. KeyError: no such session. StripeError: it cannot be paid that way."""
        with self._paying(session_id) as session:
            if isinstance(session, NotOpen):
                return session
            if "us_bank_account" not in session["payment_method_types"]:
                raise errors.invalid(
                    "This Checkout Session does not take US bank accounts.", "bank_account"
                )
            account = bank_accounts.find(account_number)
            if account is None:
                raise errors.invalid(f"No such test bank account: {account_number}", "bank_account")
            email = known_email(session) or payer.email
            refusal = payer_refusal(email, payer)
            if refusal is not None:
                return _declined(refusal)
            billing = billing_details(email, payer.name, payer.country, payer.address, payer.phone)
            self._answer(session, payer)
            if not asks_payment_method(session):
                return self._complete_free(session, billing)
            method = self._methods.create_bank_account(
                account, billing, redisplay(session, saves=payer.saves)
            )
            if session["amount_total"] == 0:
                return self._complete_free(session, billing, method)
            intent = self._intent(session)
            self._remember(session, intent, method)
            payment = DebitPayment(intent, method, account, settles_in)
            completed = self._completion.complete(session, billing, payment)
            return Processing(return_url(session) or "", (completed,))

    def authenticate(
        self, session_id: str, payment_intent: str, *, succeed: bool
    ) -> PaymentOutcome:
        """Finish a 3-D Secure challenge. KeyError: no such session or challenge."""
        with self._paying(session_id) as session:
            if isinstance(session, NotOpen):
                return session
            if not session["amount_total"]:
                return self._setups.authenticate(session, payment_intent, succeed=succeed)
            hidden = self._backend.objects.hidden("checkout.session", session_id)
            intent = self._backend.objects.get("payment_intent", payment_intent)
            if (
                intent is None
                or hidden.get("payment_intent") != payment_intent
                or intent["status"] != "requires_action"
                or intent["amount"] != session["amount_total"]  # a code was entered meanwhile
            ):
                raise KeyError(payment_intent)
            method = self._backend.require("payment_method", hidden["payment_method"], "")
            if not succeed:
                self._intents.fail(intent, method, cards.AUTHENTICATION_FAILED, None)
                return _declined(cards.AUTHENTICATION_FAILED)
            card = cards.of_fingerprint(method["card"]["fingerprint"])
            payment = CardPayment(intent, method, card, card.refusal, authenticated=True)
            return self._charge(session, payment)

    @contextmanager
    def _paying(self, session_id: str) -> Iterator[Object | NotOpen]:
        """A transaction, in the time in which the session's customer lives, with the session if it
        can be paid. KeyError: no such session."""
        with self._backend.database.transaction():
            session = self._open_session(session_id)
            customer = None if isinstance(session, NotOpen) else session["customer"]
            with self._test_clocks.time_of(customer):
                yield session

    def _open_session(self, session_id: str) -> Object | NotOpen:
        """The session, if it can be paid. KeyError: no such session."""
        session = self._sessions.get(session_id)
        if session is None:
            raise KeyError(session_id)
        if session["status"] != "open":
            return NotOpen(session["status"], return_url(session))
        return session

    def _intent(self, session: Object) -> Object:
        """The session's intent: created by its first try, used again by the next ones."""
        hidden = self._backend.objects.hidden("checkout.session", session["id"])
        if "payment_intent" in hidden:
            intent = self._backend.require("payment_intent", hidden["payment_intent"], "")
            intent["amount"] = session["amount_total"]  # a code may have been entered meanwhile
            return intent
        if session["mode"] == "subscription":
            data = {"description": "Subscription creation", "setup_future_usage": "off_session"}
        else:
            data = hidden["payment_intent_data"]
        return self._intents.create(
            session["amount_total"],
            session["currency"],
            data,
            customer=session["customer"],
            types=session["payment_method_types"],
        )

    def _answer(self, session: Object, payer: Payer) -> None:
        """Fill the payer's answers in the session's own fields."""
        if session["custom_fields"]:
            session["custom_fields"] = answered(session["custom_fields"], payer.custom_fields)
            self._backend.objects.save(session)

    def _remember(self, session: Object, intent: Object, method: Object) -> None:
        """Store what the session is being paid with; never a card's number."""
        hidden = self._backend.objects.hidden("checkout.session", session["id"])
        hidden.update(payment_intent=intent["id"], payment_method=method["id"])
        self._backend.objects.save_hidden("checkout.session", session["id"], hidden)

    def _charge(self, session: Object, payment: CardPayment) -> PaymentOutcome:
        if payment.refusal is not None:
            self._card_charges.charge(payment)
            return _declined(payment.refusal)
        billing = payment.method["billing_details"]
        completed = self._completion.complete(session, billing, payment)
        return Paid(return_url(session) or "", (completed,))

    def _complete_free(
        self, session: Object, billing: Object, method: Object | None = None
    ) -> Paid:
        """Complete a session that costs nothing; the method pays the renewals."""
        self._cancel_tries(session)
        completed = self._completion.complete(session, billing, None, method)
        return Paid(return_url(session) or "", (completed,))

    def _cancel_tries(self, session: Object) -> None:
        """Cancel what was to pay the session when it still cost something."""
        hidden = self._backend.objects.hidden("checkout.session", session["id"])
        if "payment_intent" in hidden:
            self._intents.cancel(hidden["payment_intent"], NO_REQUEST)


def _declined(refusal: CardRefusal) -> Declined:
    return Declined(refusal.code, refusal.decline_code, refusal.message, refusal.param)
