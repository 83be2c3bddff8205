"""What paying a Checkout Session does (https://docs.stripe.com/payments/checkout/how-checkout-works).

Everything a payment changes is one transaction, the events and their deliveries included.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace

from stripe_sandbox import bank_accounts, cards, errors
from stripe_sandbox.backend import Backend
from stripe_sandbox.cards import CardRefusal, TestCard
from stripe_sandbox.checkout_page.view import CheckoutView, LineItemView, checkout_view
from stripe_sandbox.payments.bank_debits import SETTLES_IN, BankDebits
from stripe_sandbox.payments.completion import SessionPayments
from stripe_sandbox.payments.outcomes import (
    AuthenticationRequired,
    Card,
    Declined,
    NotOpen,
    Paid,
    Payer,
    PaymentOutcome,
    Processing,
)
from stripe_sandbox.payments.validation import check_card, payer_refusal
from stripe_sandbox.resources.charges import Charges
from stripe_sandbox.resources.checkout_session_object import KIND as SESSION
from stripe_sandbox.resources.checkout_session_object import known_email, return_url
from stripe_sandbox.resources.checkout_sessions import CheckoutSessions
from stripe_sandbox.resources.payment_intents import PaymentIntents
from stripe_sandbox.resources.payment_methods import PaymentMethods, billing_details
from stripe_sandbox.storage.objects import Object

__all__ = [
    "AuthenticationRequired",
    "Card",
    "CheckoutView",
    "Declined",
    "LineItemView",
    "NotOpen",
    "Paid",
    "Payer",
    "PaymentOutcome",
    "Payments",
    "Processing",
]


class Payments:
    """Pays, declines and authenticates Checkout Sessions."""

    def __init__(
        self,
        backend: Backend,
        sessions: CheckoutSessions,
        methods: PaymentMethods,
        intents: PaymentIntents,
        charges: Charges,
        session_payments: SessionPayments,
        delayed: BankDebits,
        answered: Callable[[Iterable[str], float], Awaitable[None]],
    ) -> None:
        self._backend = backend
        self._sessions = sessions
        self._methods = methods
        self._intents = intents
        self._charges = charges
        self._session = session_payments
        self._debits = delayed
        self._answered = answered

    def view(self, session_id: str) -> CheckoutView | None:
        """What the page shows of a session, or None when there is no such session."""
        session = self._sessions.current(session_id)
        if session is None:
            return None
        line_items = self._backend.objects.hidden(SESSION, session_id)["line_items"]
        return checkout_view(self._backend, session, line_items)

    def pay(
        self, session_id: str, card: Card, payer: Payer, *, first_charge_passes: bool = False
    ) -> PaymentOutcome:
        """Try to pay the session with the card. KeyError: no such session.

        A card that can only be saved is declined, as Stripe's Checkout charges at once;
        `first_charge_passes` lets it begin a subscription, whose renewals then fail.
        """
        with self._backend.database.transaction():
            session = self._session.open(session_id)
            if isinstance(session, NotOpen):
                return session
            test_card, refusal = check_card(card, self._backend.clock)
            email = known_email(session) or payer.email
            refusal = refusal or payer_refusal(email, payer)
            if test_card is None or refusal is not None:
                return _declined(refusal or cards.NOT_A_TEST_CARD)
            billing = billing_details(email, payer.name, payer.country)
            if session["amount_total"] == 0:
                return self._nothing_to_pay(session, billing)
            saved = session["mode"] == "subscription"
            method = self._methods.create_card(
                test_card,
                card.exp_month,
                card.exp_year,
                billing,
                "always" if saved else "unspecified",
            )
            intent = self._session.intent(session)
            self._session.remember(session, intent, method, test_card.number)
            if test_card.authentication:
                self._intents.require_action(intent, method)
                return AuthenticationRequired(intent["id"])
            if first_charge_passes and saved and test_card.attaches:
                test_card = replace(test_card, refusal=None)
            return self._charge(session, intent, method, test_card, authenticated=False)

    def debit(
        self, session_id: str, account_number: str, payer: Payer, settles_in: float = SETTLES_IN
    ) -> PaymentOutcome:
        """Pay the session from a US test bank account: complete now, paid or not `settles_in`
        seconds later. KeyError: no such session. StripeError: it cannot be paid that way."""
        with self._backend.database.transaction():
            session = self._session.open(session_id)
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
            billing = billing_details(email, payer.name, payer.country)
            if session["amount_total"] == 0:
                return self._nothing_to_pay(session, billing)
            saved = session["mode"] == "subscription"
            method = self._methods.create_bank_account(
                account, billing, "always" if saved else "unspecified"
            )
            intent = self._session.intent(session)
            self._session.remember(session, intent, method, None)
            completed = self._session.complete(
                session,
                billing,
                (intent, method),
                lambda: self._debits.begin(intent, method, account, settles_in, session=session_id),
                delayed=True,
            )
            return Processing(return_url(session) or "", (completed,))

    def authenticate(
        self, session_id: str, payment_intent: str, *, succeed: bool
    ) -> PaymentOutcome:
        """Finish a 3-D Secure challenge. KeyError: no such session or challenge."""
        with self._backend.database.transaction():
            session = self._session.open(session_id)
            if isinstance(session, NotOpen):
                return session
            hidden = self._backend.objects.hidden(SESSION, session_id)
            intent = self._backend.objects.get("payment_intent", payment_intent)
            if (
                intent is None
                or hidden.get("payment_intent") != payment_intent
                or intent["status"] != "requires_action"
            ):
                raise KeyError(payment_intent)
            method = self._backend.require("payment_method", hidden["payment_method"], "")
            if not succeed:
                self._intents.fail(intent, method, cards.AUTHENTICATION_FAILED, None)
                return _declined(cards.AUTHENTICATION_FAILED)
            test_card = cards.find(hidden["card"])
            if test_card is None:
                raise KeyError(payment_intent)
            return self._charge(session, intent, method, test_card, authenticated=True)

    async def webhooks_answered(self, event_ids: Iterable[str], timeout: float = 10.0) -> None:  # noqa: ASYNC109  # the page's interface
        """Return when every endpoint gave its first answer, or after `timeout` seconds."""
        await self._answered(event_ids, timeout)

    def _nothing_to_pay(self, session: Object, billing: Object) -> Paid:
        completed = self._session.complete(session, billing, None, None)
        return Paid(return_url(session) or "", (completed,))

    def _charge(
        self,
        session: Object,
        intent: Object,
        method: Object,
        test_card: TestCard,
        *,
        authenticated: bool,
    ) -> PaymentOutcome:
        refusal = test_card.refusal
        if refusal is not None:
            charge = self._charges.create(
                intent, method, test_card, refusal, authenticated=authenticated
            )
            self._intents.fail(intent, method, refusal, charge)
            return _declined(refusal)

        def take() -> Object:
            charge = self._charges.create(
                intent, method, test_card, None, authenticated=authenticated
            )
            self._intents.succeed(intent, method, charge)
            return charge

        completed = self._session.complete(
            session, method["billing_details"], (intent, method), take
        )
        return Paid(return_url(session) or "", (completed,))


def _declined(refusal: CardRefusal) -> Declined:
    return Declined(refusal.code, refusal.decline_code, refusal.message, refusal.param)
