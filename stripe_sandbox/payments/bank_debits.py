"""Payments by bank debit, of which it is known only later whether they arrive
(https://docs.stripe.com/payments/ach-direct-debit)."""

from __future__ import annotations

from dataclasses import dataclass

from stripe_sandbox.api.endpoint import NO_REQUEST, RequestInfo
from stripe_sandbox.backend import Backend
from stripe_sandbox.payment_methods.bank_accounts import TestBankAccount, of_fingerprint
from stripe_sandbox.payments.invoices.paid_invoices import PaidInvoices
from stripe_sandbox.payments.subscriptions.statuses import SubscriptionPayments
from stripe_sandbox.resources.payments.charges import Charges
from stripe_sandbox.resources.payments.payment_intents import PaymentIntents
from stripe_sandbox.scheduling.jobs import JobKind, ScheduledJobs
from stripe_sandbox.storage.objects import Object

SETTLES_IN = 20.0
"""Seconds until the bank answers: long enough to be seen, short enough to wait for (Stripe's take
about four days)."""


@dataclass(frozen=True)
class DebitPayment:
    """A PaymentIntent and the bank account that is to pay it; the bank answers after `settles_in`
    seconds. `request`: what asks for it."""

    intent: Object
    method: Object
    account: TestBankAccount
    settles_in: float = SETTLES_IN
    request: RequestInfo = NO_REQUEST


class BankDebits:
    """Debits bank accounts: begins at once, completes when the bank answers."""

    def __init__(
        self,
        backend: Backend,
        jobs: ScheduledJobs,
        intents: PaymentIntents,
        charges: Charges,
        subscriptions: SubscriptionPayments,
        paid_invoices: PaidInvoices,
    ) -> None:
        self._backend = backend
        self._jobs = jobs
        self._intents = intents
        self._charges = charges
        self._subscriptions = subscriptions
        self._paid_invoices = paid_invoices
        jobs.register(JobKind.DEBIT_COMPLETION, self._complete)

    def begin(self, payment: DebitPayment, session: str | None = None) -> None:
        """Begin the debit; the intent is `processing`. `session`: the Checkout Session that it
        pays. Records `charge.pending` and `payment_intent.processing`."""
        intent, method = payment.intent, payment.method
        charge = self._charges.create_debit(intent, method, payment.request)
        self._intents.process(intent, method, charge, payment.request)
        self._backend.objects.save_hidden("payment_intent", intent["id"], {"session": session})
        answered_at = self._backend.clock.time() + payment.settles_in
        self._jobs.add(answered_at, JobKind.DEBIT_COMPLETION, intent["id"])

    def _complete(self, intent_id: str) -> None:
        """Apply the bank's answer, which the account's number decides."""
        objects = self._backend.objects
        intent = objects.get("payment_intent", intent_id)
        if intent is None or intent["status"] != "processing":
            return
        method = self._backend.require("payment_method", intent["payment_method"], "")
        charge = self._backend.require("charge", intent["latest_charge"], "")
        refusal = of_fingerprint(method["us_bank_account"]["fingerprint"]).refusal
        self._charges.complete_debit(charge, refusal)
        if refusal is None:
            self._intents.succeed(intent, method, charge)
        else:
            self._intents.fail(intent, method, refusal, charge)
        self._subscriptions.record_payment(intent, paid=refusal is None)
        session_id = objects.hidden("payment_intent", intent_id).get("session")
        session = session_id and objects.get("checkout.session", session_id)
        if not session:
            return
        if refusal is None:
            session["payment_status"] = "paid"
            if session["mode"] == "payment":
                customer = objects.get("customer", session["customer"] or "")
                session["invoice"] = self._paid_invoices.create(session, customer, intent)
                objects.save(intent)
            objects.save(session)
        result = "failed" if refusal else "succeeded"
        self._backend.events.record(f"checkout.session.async_payment_{result}", session)
