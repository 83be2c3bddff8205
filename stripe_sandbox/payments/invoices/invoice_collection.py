"""Collecting what a subscription owes: the draft's hour, the payment, and further attempts
(https://docs.stripe.com/billing/invoices/subscription)."""

from __future__ import annotations

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import NO_REQUEST, RequestInfo
from stripe_sandbox.backend import Backend
from stripe_sandbox.payment_methods import bank_accounts, cards
from stripe_sandbox.payment_methods.cards import CardRefusal, TestCard
from stripe_sandbox.payments.bank_debits import BankDebits, DebitPayment
from stripe_sandbox.payments.card_charges import CardCharges, CardPayment
from stripe_sandbox.payments.subscriptions.statuses import SubscriptionPayments
from stripe_sandbox.resources.billing.invoice_payments import InvoicePayments
from stripe_sandbox.resources.billing.invoices import Invoices
from stripe_sandbox.resources.payments.payment_intents import PaymentIntents
from stripe_sandbox.scheduling.jobs import JobKind, ScheduledJobs
from stripe_sandbox.storage.objects import Object

DRAFT_SECONDS = 3_600
"""How long a renewal's invoice stays a draft."""


_DESCRIPTIONS = {
    "manual": "Payment for Invoice",
    "subscription_create": "Subscription creation",
}
"""What the PaymentIntents of invoices are described as, by `billing_reason`."""


class InvoiceCollection:
    """Finalizes and collects invoices, when they fall due and when a request asks."""

    def __init__(
        self,
        backend: Backend,
        jobs: ScheduledJobs,
        invoices: Invoices,
        invoice_payments: InvoicePayments,
        intents: PaymentIntents,
        card_charges: CardCharges,
        bank_debits: BankDebits,
        subscription_payments: SubscriptionPayments,
    ) -> None:
        self._backend = backend
        self._jobs = jobs
        self._invoices = invoices
        self._invoice_payments = invoice_payments
        self._intents = intents
        self._card_charges = card_charges
        self._bank_debits = bank_debits
        self._subscription_payments = subscription_payments
        jobs.register(JobKind.INVOICE_FINALIZATION, self._finalize_due)
        jobs.register(JobKind.INVOICE_RETRY, self._retry)

    def collect(
        self,
        invoice: Object,
        method_id: str | None = None,
        *,
        asked: bool = False,
        off_session: bool = True,
    ) -> CardRefusal | None:
        """Try to collect an open invoice from the payment method of that id (None: the one that
        the invoice, the subscription or else the customer has). `asked`: a request asks for it,
        which does not count as a retry. `off_session`: the customer is not there, and cannot
        authenticate. Returns why the bank refuses.

        StripeError: there is no payment method.
        """
        subscription = self._subscription(invoice)
        method = self._method(invoice, subscription, method_id)
        intent = self._intent(invoice, subscription)
        if method["type"] == "us_bank_account":
            account = bank_accounts.of_fingerprint(method["us_bank_account"]["fingerprint"])
            self._bank_debits.begin(DebitPayment(intent, method, account))
            return None
        card = cards.of_fingerprint(method["card"]["fingerprint"])
        if not off_session and card.authentication:
            self._intents.require_action(intent, method)
            self._backend.events.record("invoice.payment_action_required", invoice)
            return cards.AUTHENTICATION_REQUIRED
        refusal = _off_session_refusal(card) if off_session else card.refusal
        self._charge(CardPayment(intent, method, card, refusal), asked=asked)
        return refusal

    def pay(
        self, invoice: Object, method: Object, *, authenticated: bool = False
    ) -> CardRefusal | None:
        """Let the customer, who is there, pay an open invoice with the card; `authenticated`: 3-D
        Secure was passed. Returns why the bank refuses."""
        intent = self._intent(invoice, self._subscription(invoice))
        card = cards.of_fingerprint(method["card"]["fingerprint"])
        payment = CardPayment(intent, method, card, card.refusal, authenticated)
        self._charge(payment, asked=True)
        return card.refusal

    def ask_to_authenticate(self, invoice: Object, method: Object) -> None:
        """The card's bank wants 3-D Secure first. Records `payment_intent.requires_action`."""
        intent = self._intent(invoice, self._subscription(invoice))
        self._intents.require_action(intent, method)

    def waits_for(self, invoice: Object, method: Object) -> bool:
        """Whether the invoice is being paid with the method, and waits for 3-D Secure."""
        intent = self._intent(invoice, self._subscription(invoice))
        waits = intent["status"] == "requires_action"
        return bool(waits and intent["payment_method"] == method["id"])

    def fail_authentication(self, invoice: Object, method: Object) -> None:
        """3-D Secure was not passed: the card is not charged. Records
        `payment_intent.payment_failed`."""
        intent = self._intent(invoice, self._subscription(invoice))
        self._intents.fail(intent, method, cards.AUTHENTICATION_FAILED, None)

    def _charge(self, payment: CardPayment, *, asked: bool) -> None:
        self._card_charges.charge(payment)
        self._subscription_payments.record_payment(
            payment.intent,
            paid=payment.refusal is None,
            authentication_required=payment.refusal is cards.AUTHENTICATION_REQUIRED,
            asked=asked,
        )

    def prepare(self, invoice: Object) -> None:
        """Make the intent that is to pay an open invoice, which somebody pays later."""
        self._intent(invoice, self._subscription(invoice))

    def finalize(self, invoice: Object) -> None:
        """Open the draft; what costs nothing is paid by that. While collection is paused, the
        invoice is voided or marked uncollectible."""
        customer = self._backend.require("customer", invoice["customer"], "customer")
        days = self._backend.objects.hidden("invoice", invoice["id"]).get("days_until_due")
        if days is not None:
            due = self._backend.clock.now() + days * 86_400
            invoice["due_date"] = due
            self._jobs.add(due, JobKind.INVOICE_DUE, invoice["id"])
        self._invoices.finalize(invoice, customer)
        subscription = self._subscription(invoice)
        paused = subscription and subscription["pause_collection"]
        if paused and paused["behavior"] == "void":
            self.void(invoice)
        elif paused and paused["behavior"] == "mark_uncollectible":
            self._invoices.mark_uncollectible(invoice)
        elif invoice["amount_due"] == 0:
            self._invoices.pay(invoice, None)

    def _finalize_due(self, invoice_id: str) -> None:
        invoice = self._backend.objects.get("invoice", invoice_id)
        if invoice is None or invoice["status"] != "draft" or not invoice["auto_advance"]:
            return
        self.finalize(invoice)
        self._collect_due(invoice)

    def _retry(self, invoice_id: str) -> None:
        invoice = self._backend.objects.get("invoice", invoice_id)
        now = self._backend.clock.time()
        if invoice and invoice["next_payment_attempt"] and invoice["next_payment_attempt"] <= now:
            self._collect_due(invoice)

    def _collect_due(self, invoice: Object) -> None:
        if invoice["status"] != "open":
            return
        if invoice["collection_method"] == "send_invoice":
            self.send(invoice)
            return
        try:
            self.collect(invoice)
        except errors.StripeError:  # without a payment method
            self._subscription_payments.record_failure(invoice)

    def void(self, invoice: Object, request: RequestInfo = NO_REQUEST) -> None:
        """Nobody has to pay the invoice any more, and nobody can. Records
        `payment_intent.canceled`, `invoice.updated` and `invoice.voided`."""
        for payment in self._invoice_payments.of_invoice(invoice)["data"]:
            if payment["status"] == "open":
                intent = payment["payment"]["payment_intent"]
                self._intents.cancel(intent, request, "void_invoice")
                self._invoice_payments.cancel(payment)
        self._invoices.void(invoice, request)

    def send(self, invoice: Object) -> None:
        """Send an open invoice to the customer, which only `invoice.sent` says."""
        self._backend.events.record("invoice.sent", invoice)

    def finalize_later(self, invoice: Object) -> None:
        """Have the stored draft finalized, and sent or collected, in an hour."""
        due = self._backend.clock.now() + DRAFT_SECONDS
        invoice.update(auto_advance=True, automatically_finalizes_at=due)
        self._backend.objects.save(invoice)
        self._jobs.add(due, JobKind.INVOICE_FINALIZATION, invoice["id"])

    def _intent(self, invoice: Object, subscription: Object | None) -> Object:
        """The intent that is to pay the invoice: made for the first attempt, used by the next."""
        payments = self._invoice_payments.of_invoice(invoice)["data"]
        for payment in payments:
            if payment["status"] == "open":
                found = payment["payment"]["payment_intent"]
                return self._backend.require("payment_intent", found, "payment_intent")
        settings = (subscription or invoice)["payment_settings"]
        intent = self._intents.create(
            invoice["amount_due"],
            invoice["currency"],
            {
                "description": _DESCRIPTIONS.get(invoice["billing_reason"], "Subscription update"),
                "setup_future_usage": "off_session" if subscription else None,
            },
            customer=invoice["customer"],
            types=settings["payment_method_types"] or ["card"],
        )
        self._invoice_payments.create(invoice, intent)
        return intent

    def _method(
        self, invoice: Object, subscription: Object | None, method_id: str | None
    ) -> Object:
        """Which method pays: https://docs.stripe.com/billing/subscriptions/payment-methods-setting."""
        customer = self._backend.require("customer", invoice["customer"], "customer")
        found = (
            method_id
            or invoice["default_payment_method"]
            or (subscription and subscription["default_payment_method"])
            or customer["invoice_settings"]["default_payment_method"]
        )
        if not found:
            raise errors.invalid(
                "This customer has no attached payment source or default payment method. Please "
                "consider adding a default payment method. For more information, visit "
                "https://stripe.com/docs/billing/subscriptions/payment-methods-setting"
                "#payment-method-priority.",
                code="resource_missing",
            )
        return self._backend.require("payment_method", found, "payment_method")

    def _subscription(self, invoice: Object) -> Object | None:
        if invoice["parent"] is None:
            return None
        details = invoice["parent"]["subscription_details"]
        return self._backend.require("subscription", details["subscription"], "subscription")

    def schedule(self, invoice: Object) -> None:
        """Have an open invoice that advances by itself paid in an hour; the caller stores it."""
        if invoice["status"] != "open" or invoice["collection_method"] != "charge_automatically":
            return
        due = None
        if invoice["auto_advance"]:
            due = self._backend.clock.now() + DRAFT_SECONDS
            self._jobs.add(due, JobKind.INVOICE_RETRY, invoice["id"])
        invoice["next_payment_attempt"] = due


def _off_session_refusal(card: TestCard) -> CardRefusal | None:
    """What the bank says when nobody is there to authenticate."""
    return cards.AUTHENTICATION_REQUIRED if card.authenticates_always else card.refusal
