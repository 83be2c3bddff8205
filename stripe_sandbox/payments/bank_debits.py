"""Payments by bank debit, of which it is known only later whether they arrive
(https://docs.stripe.com/payments/ach-direct-debit)."""

from __future__ import annotations

from stripe_sandbox.backend import Backend
from stripe_sandbox.bank_accounts import TestBankAccount, of_fingerprint
from stripe_sandbox.payments.subscriptions import SubscriptionPayments
from stripe_sandbox.resources.charges import Charges
from stripe_sandbox.resources.checkout_session_object import KIND as SESSION
from stripe_sandbox.resources.payment_intents import KIND as INTENT
from stripe_sandbox.resources.payment_intents import PaymentIntents
from stripe_sandbox.scheduling.jobs import ScheduledJobs
from stripe_sandbox.storage.objects import Object

KIND = "debit.settled"
SETTLES_IN = 20.0
"""Seconds until the bank answers: long enough to be seen, short enough to wait for (Stripe's take
about four days)."""


class BankDebits:
    """Begins a debit, and tells later what came of it."""

    def __init__(
        self,
        backend: Backend,
        jobs: ScheduledJobs,
        intents: PaymentIntents,
        charges: Charges,
        subscriptions: SubscriptionPayments,
    ) -> None:
        self._backend = backend
        self._jobs = jobs
        self._intents = intents
        self._charges = charges
        self._subscriptions = subscriptions
        jobs.on_due(KIND, self._complete)

    def begin(
        self,
        intent: Object,
        method: Object,
        account: TestBankAccount,
        settles_in: float = SETTLES_IN,
        *,
        session: str | None = None,
    ) -> Object:
        """The charge, pending. `session`: the Checkout Session that it pays. Records
        `charge.pending` and `payment_intent.processing`."""
        charge = self._charges.create_debit(intent, method, account)
        self._intents.process(intent, method, charge)
        self._backend.objects.save_hidden(INTENT, intent["id"], {"session": session})
        self._jobs.add(self._backend.clock.time() + settles_in, KIND, intent["id"])
        return charge

    def _complete(self, intent_id: str) -> None:
        """The bank's answer is there."""
        intent = self._backend.objects.get(INTENT, intent_id)
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
        session_id = self._backend.objects.hidden(INTENT, intent_id).get("session")
        session = session_id and self._backend.objects.get(SESSION, session_id)
        if not session:
            return
        outcome = "failed" if refusal else "succeeded"
        if refusal is None:
            session["payment_status"] = "paid"
            self._backend.objects.save(session)
        self._backend.events.record(f"checkout.session.async_payment_{outcome}", session)
