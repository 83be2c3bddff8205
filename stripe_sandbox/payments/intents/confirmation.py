"""Confirming a PaymentIntent: the charge, or 3-D Secure before it
(https://docs.stripe.com/payments/payment-intents/verifying-status)."""

from __future__ import annotations

from dataclasses import dataclass

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import NO_REQUEST, RequestInfo
from stripe_sandbox.backend import Backend
from stripe_sandbox.payment_methods import bank_accounts, cards
from stripe_sandbox.payment_methods.cards import CardRefusal, TestCard
from stripe_sandbox.payments.bank_debits import BankDebits, DebitPayment
from stripe_sandbox.payments.card_charges import CardCharges, CardPayment
from stripe_sandbox.payments.saved_methods import SavedMethods
from stripe_sandbox.payments.subscriptions.statuses import SubscriptionPayments
from stripe_sandbox.resources.payments.payment_intents import PaymentIntents
from stripe_sandbox.scheduling.jobs import JobKind, ScheduledJobs
from stripe_sandbox.storage.objects import Object

AUTHORIZED_FOR = 7 * 86_400
"""Seconds for which a card's money is held."""


@dataclass(frozen=True)
class Confirmation:
    """How an intent is confirmed: whether the payer is away, the page to return to from 3-D
    Secure, and the request that asks."""

    off_session: bool = False
    return_url: str | None = None
    request: RequestInfo = NO_REQUEST


class IntentConfirmation:
    """Charges what intents are confirmed with."""

    def __init__(
        self,
        backend: Backend,
        jobs: ScheduledJobs,
        intents: PaymentIntents,
        saved_methods: SavedMethods,
        card_charges: CardCharges,
        bank_debits: BankDebits,
        subscription_payments: SubscriptionPayments,
        base_url: str,
    ) -> None:
        self._backend = backend
        self._jobs = jobs
        self._intents = intents
        self._saved_methods = saved_methods
        self._card_charges = card_charges
        self._bank_debits = bank_debits
        self._subscription_payments = subscription_payments
        self._base_url = base_url

    def confirm(self, intent: Object, method: Object, confirmation: Confirmation) -> None:
        """Charge the method, begin its debit, or have the payer asked for 3-D Secure. StripeError
        402: the bank refuses; what was done stays."""
        request = confirmation.request
        if method["type"] == "us_bank_account":
            account = bank_accounts.of_fingerprint(method["us_bank_account"]["fingerprint"])
            self._save(intent, method, request)
            self._bank_debits.begin(DebitPayment(intent, method, account, request=request))
            return
        card = cards.of_fingerprint(method["card"]["fingerprint"])
        refusal = card.refusal
        if confirmation.off_session:
            refusal = off_session_refusal(card, is_saved=method["customer"] is not None)
        elif _asks(intent, card):
            redirect = redirect_to(self._base_url, intent, confirmation.return_url)
            self._intents.require_action(intent, method, redirect, request)
            return
        self._charge(CardPayment(intent, method, card, refusal, request=request))

    def authenticate(self, intent: Object, *, succeed: bool) -> None:
        """Finish the 3-D Secure that the intent waits for. StripeError 402: it failed, or the bank
        refuses; what was done stays."""
        method = self._backend.require("payment_method", intent["payment_method"], "payment_method")
        if not succeed:
            self._intents.fail(intent, method, cards.AUTHENTICATION_FAILED, None)
            raise declined(cards.AUTHENTICATION_FAILED, intent, method)
        card = cards.of_fingerprint(method["card"]["fingerprint"])
        self._charge(CardPayment(intent, method, card, card.refusal, authenticated=True))

    def _charge(self, payment: CardPayment) -> None:
        intent, method, refusal = payment.intent, payment.method, payment.refusal
        if refusal is None:
            self._save(intent, method, payment.request)
        self._card_charges.charge(payment)
        if intent["status"] == "requires_capture":
            due = self._backend.clock.time() + AUTHORIZED_FOR
            self._jobs.add(due, JobKind.AUTHORIZATION_EXPIRY, intent["id"])
        else:
            self._subscription_payments.record_payment(intent, paid=refusal is None, asked=True)
        if refusal is not None:
            raise declined(refusal, intent, method)

    def _save(self, intent: Object, method: Object, request: RequestInfo) -> None:
        """Attach the method to the intent's customer if it is to be used again; otherwise one that
        is nobody's can be used no more."""
        if method["customer"] is not None:
            return
        if intent["customer"] and intent["setup_future_usage"]:
            self._saved_methods.attach(method, intent["customer"], request)
        else:
            self._saved_methods.mark_used(method)


def off_session_refusal(card: TestCard, *, is_saved: bool) -> CardRefusal | None:
    """What the bank says when nobody is there to authenticate: a card that was set up passes."""
    passes = card.is_set_up or (is_saved and not card.authenticates_always)
    if card.authentication and not passes:
        return cards.AUTHENTICATION_REQUIRED
    return card.refusal


def _asks(intent: Object, card: TestCard) -> bool:
    """Whether 3-D Secure comes first, as the bank or, where the card can, the request wishes."""
    options = (intent["payment_method_options"] or {}).get("card") or {}
    wished = options.get("request_three_d_secure") in ("any", "challenge")
    return card.authentication or (wished and card.authenticates_on_request)


def redirect_to(base_url: str, intent: Object, return_url: str | None) -> Object | None:
    """Where the payer is sent to authenticate; None: Stripe's script does that in the page."""
    if return_url is None:
        return None
    url = f"{base_url}/3d_secure/{intent['id']}?client_secret={intent['client_secret']}"
    return {"return_url": return_url, "url": url}


def requires_return_url(intent: Object) -> bool:
    """Whether it takes payment methods that may lead the payer to another page."""
    automatic = intent["automatic_payment_methods"] or {}
    redirects = automatic.get("enabled") and automatic["allow_redirects"] == "always"
    return bool(redirects and intent["allowed_payment_method_types"] is None)


def declined(refusal: CardRefusal, intent: Object, method: Object) -> errors.StripeError:
    """The error of a payment that failed, with the whole intent in it."""
    objects: Object = {intent["object"]: intent, "payment_method": method}
    if intent.get("latest_charge") and refusal is not cards.AUTHENTICATION_FAILED:
        objects["charge"] = intent["latest_charge"]
    return errors.card_error(
        refusal.message,
        refusal.code,
        refusal.decline_code,
        refusal.param,
        keeps_changes=True,
        objects=objects,
    )
