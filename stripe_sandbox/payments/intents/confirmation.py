"""Confirming a PaymentIntent: the charge, or 3-D Secure before it
(https://docs.stripe.com/payments/payment-intents/verifying-status)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import NO_REQUEST, Call, RequestInfo
from stripe_sandbox.backend import Backend
from stripe_sandbox.payment_methods import bank_accounts, cards
from stripe_sandbox.payment_methods.cards import CardRefusal, TestCard
from stripe_sandbox.payments.bank_debits import BankDebits, DebitPayment
from stripe_sandbox.payments.card_charges import CardCharges, CardPayment
from stripe_sandbox.payments.saved_methods import SavedMethods
from stripe_sandbox.payments.subscriptions.statuses import SubscriptionPayments
from stripe_sandbox.resources.payments.charges import AUTHORIZED_FOR
from stripe_sandbox.resources.payments.payment_intents import PaymentIntents
from stripe_sandbox.scheduling.jobs import JobKind, ScheduledJobs
from stripe_sandbox.storage.objects import Object
from stripe_sandbox.validation import check_return_url

AUTHENTICATED_FOR = 3_600
"""Seconds within which an intent of manual confirmation is confirmed again after 3-D Secure."""


@dataclass(frozen=True)
class Confirmation:
    """How an intent is confirmed: whether the payer is away, the page to return to from 3-D
    Secure (None: nowhere, as Stripe's script asks for it), whether the payment fails where that is
    asked for, and the request."""

    off_session: bool = False
    return_url: str | None = None
    fails_on_action: bool = False
    request: RequestInfo = NO_REQUEST

    @classmethod
    def of(cls, call: Call) -> Confirmation:
        """What a request says. StripeError: its `return_url` is none."""
        params = call.params
        return_url = params.get("return_url")
        if return_url is not None:
            check_return_url(return_url)
        return cls(
            bool(params.get("off_session")),
            None if params.get("use_stripe_sdk") else return_url,
            bool(params.get("error_on_requires_action")),
            call.request,
        )


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
        jobs.register(JobKind.CONFIRMATION_EXPIRY, self._expire)

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
        authenticated = self._is_authenticated(intent, method)
        if confirmation.off_session:
            refusal = off_session_refusal(card, is_set_up=self._saved_methods.is_set_up(method))
        elif _asks(intent, card) and not authenticated:
            if confirmation.fails_on_action:
                self._intents.fail(intent, method, cards.AUTHENTICATION_NOT_HANDLED, None, request)
                raise declined(cards.AUTHENTICATION_NOT_HANDLED, intent, method)
            page = authentication_page(self._base_url, intent, confirmation.return_url)
            self._intents.require_action(intent, method, page, request)
            return
        self._charge(CardPayment(intent, method, card, refusal, authenticated, request))

    def authenticate(self, intent: Object, *, succeed: bool) -> None:
        """Finish the 3-D Secure that the intent waits for; where confirmation is manual it is then
        to be confirmed again. StripeError 402: it failed, or the bank refuses; what was done
        stays."""
        method = self._backend.require("payment_method", intent["payment_method"], "payment_method")
        if not succeed:
            self._intents.fail(intent, method, cards.AUTHENTICATION_FAILED, None)
            raise declined(cards.AUTHENTICATION_FAILED, intent, method)
        if intent["confirmation_method"] == "manual":
            self._await_confirmation(intent, method)
            return
        card = cards.of_fingerprint(method["card"]["fingerprint"])
        self._charge(CardPayment(intent, method, card, card.refusal, authenticated=True))

    def _await_confirmation(self, intent: Object, method: Object) -> None:
        until = self._backend.clock.time() + AUTHENTICATED_FOR
        self._intents.change(
            intent, {"next_action": None, "status": "requires_confirmation"}, NO_REQUEST
        )
        passed = {"method": method["id"], "until": until}
        self._backend.objects.save_hidden(intent["object"], intent["id"], {"authenticated": passed})
        self._jobs.add(until, JobKind.CONFIRMATION_EXPIRY, intent["id"])

    def _passed(self, intent_id: str) -> Object:
        """The 3-D Secure that was passed and not used yet: the `method` and `until` when it counts;
        empty: none."""
        hidden = self._backend.objects.hidden(self._intents.kind, intent_id)
        passed: Object = hidden.get("authenticated", {})
        return passed

    def _is_authenticated(self, intent: Object, method: Object) -> bool:
        return bool(self._passed(intent["id"]).get("method") == method["id"])

    def _expire(self, intent_id: str) -> None:
        """Ask for a payment method again where nobody has confirmed in time."""
        intent = self._backend.objects.get(self._intents.kind, intent_id)
        passed = self._passed(intent_id)
        if intent is None or not passed or passed["until"] > self._backend.clock.time():
            return
        self._backend.objects.save_hidden(self._intents.kind, intent_id, {})
        if intent["status"] == "requires_confirmation":
            changes = {"payment_method": None, "status": "requires_payment_method"}
            self._intents.change(intent, changes, NO_REQUEST)

    def _charge(self, payment: CardPayment) -> None:
        intent, method, refusal = payment.intent, payment.method, payment.refusal
        if payment.authenticated:
            self._backend.objects.save_hidden(intent["object"], intent["id"], {})
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
        usage = future_usage(intent, method)
        if intent["customer"] and usage:
            self._saved_methods.save(
                method, intent["customer"], request, off_session=usage == "off_session"
            )
        elif method["customer"] is None:
            self._saved_methods.mark_used(method)


def future_usage(intent: Object, method: Object) -> str | None:
    """For which later payments the method is to be saved (None: for none): as the intent's options
    for methods of its type say, otherwise as the intent does."""
    options = (intent["payment_method_options"] or {}).get(method["type"]) or {}
    usage: str | None = options.get("setup_future_usage", intent["setup_future_usage"])
    return None if usage == "none" else usage


def off_session_refusal(card: TestCard, *, is_set_up: bool) -> CardRefusal | None:
    """What the bank says when nobody is there to authenticate: a card that was set up passes."""
    passes = card.is_set_up or (is_set_up and not card.authenticates_always)
    if card.authentication and not passes:
        return cards.AUTHENTICATION_REQUIRED
    return card.refusal


def _asks(intent: Object, card: TestCard) -> bool:
    """Whether 3-D Secure comes first, as the bank or, where the card can, the request wishes."""
    options = (intent["payment_method_options"] or {}).get("card") or {}
    wished = options.get("request_three_d_secure") in ("any", "challenge")
    return card.authentication or (wished and card.authenticates_on_request)


def authentication_page(base_url: str, intent: Object, return_url: str | None) -> Object:
    """Where the payer is sent to authenticate, and where from there (None: nowhere, as Stripe's
    script does it in the page)."""
    url = f"{base_url}/3d_secure/{intent['id']}?client_secret={intent['client_secret']}"
    return {"return_url": return_url, "url": url}


def check_not_confirming(params: Mapping[str, Any], names: Iterable[str]) -> None:
    """StripeError: one of the parameters is there, which only a confirmation has."""
    for name in names:
        if name in params:
            raise errors.invalid(
                f"The parameter `{name}` can only be used with `confirm=true`.", name
            )


def requires_return_url(intent: Object) -> bool:
    """Whether it takes payment methods that may lead the payer to another page."""
    automatic = intent["automatic_payment_methods"] or {}
    redirects = automatic.get("enabled") and automatic["allow_redirects"] == "always"
    return bool(redirects and intent["allowed_payment_method_types"] is None)


def declined(refusal: CardRefusal, intent: Object, method: Object) -> errors.StripeError:
    """The error of a payment that failed, with the whole intent in it."""
    objects: Object = {intent["object"]: intent, "payment_method": method}
    charge = (intent.get("last_payment_error") or {}).get("charge")
    if charge is not None:
        objects["charge"] = charge
    return errors.card_error(
        refusal.message,
        refusal.code,
        refusal.decline_code,
        refusal.param,
        keeps_changes=True,
        objects=objects,
    )
