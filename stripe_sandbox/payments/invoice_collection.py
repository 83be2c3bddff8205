"""Collecting what a subscription owes: the draft's hour, the payment, and further attempts
(https://docs.stripe.com/billing/invoices/subscription)."""

from __future__ import annotations

from stripe.params._invoice_finalize_invoice_params import InvoiceFinalizeInvoiceParams
from stripe.params._invoice_mark_uncollectible_params import InvoiceMarkUncollectibleParams
from stripe.params._invoice_pay_params import InvoicePayParams
from stripe.params._invoice_void_invoice_params import InvoiceVoidInvoiceParams

from stripe_sandbox import bank_accounts, cards, errors
from stripe_sandbox.api.endpoint import Call, Route
from stripe_sandbox.backend import Backend
from stripe_sandbox.cards import CardRefusal, TestCard
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
        self._invoices = invoices
        self._invoice_payments = invoice_payments
        self._intents = intents
        self._card_charges = card_charges
        self._bank_debits = bank_debits
        self._subscription_payments = subscription_payments
        jobs.register(JobKind.INVOICE_FINALIZATION, self._finalize_due)
        jobs.register(JobKind.INVOICE_RETRY, self._retry)

    def routes(self) -> list[Route]:
        """The endpoints that change an invoice."""
        path = self._invoices.path
        return [
            Route(
                "POST",
                f"{path}/pay",
                self._pay,
                InvoicePayParams,
                "invoice",
                ("paid_out_of_band", "payment_method"),
            ),
            Route(
                "POST",
                f"{path}/finalize",
                self._finalize_now,
                InvoiceFinalizeInvoiceParams,
                "invoice",
            ),
            Route("POST", f"{path}/void", self._void, InvoiceVoidInvoiceParams, "invoice"),
            Route(
                "POST",
                f"{path}/mark_uncollectible",
                self._mark_uncollectible,
                InvoiceMarkUncollectibleParams,
                "invoice",
            ),
        ]

    def collect(
        self, invoice: Object, method_id: str | None = None, *, asked: bool = False
    ) -> CardRefusal | None:
        """Try to collect an open invoice from the payment method of that id (None: the one that
        the invoice, the subscription or else the customer has). `asked`: a request asks for it,
        which does not count as a retry. Returns why the bank refuses.

        StripeError: there is no payment method.
        """
        subscription = self._subscription(invoice)
        method = self._method(subscription, method_id or invoice["default_payment_method"])
        intent = self._intent(invoice, subscription)
        if method["type"] == "us_bank_account":
            account = bank_accounts.of_fingerprint(method["us_bank_account"]["fingerprint"])
            self._bank_debits.begin(DebitPayment(intent, method, account))
            return None
        card = cards.of_fingerprint(method["card"]["fingerprint"])
        refusal = _off_session_refusal(card)
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
        self._invoices.finalize(invoice, customer)
        paused = self._subscription(invoice)["pause_collection"]
        if paused and paused["behavior"] == "void":
            self._invoices.void(invoice)
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
        try:
            self.collect(invoice)
        except errors.StripeError:  # without a payment method
            self._subscription_payments.record_failure(invoice)

    def _intent(self, invoice: Object, subscription: Object) -> Object:
        """The intent that is to pay the invoice: made for the first attempt, used by the next."""
        payments = self._invoice_payments.of_invoice(invoice)["data"]
        for payment in payments:
            if payment["status"] == "open":
                found = payment["payment"]["payment_intent"]
                return self._backend.require("payment_intent", found, "payment_intent")
        is_first = invoice["billing_reason"] == "subscription_create"
        intent = self._intents.create(
            invoice["amount_due"],
            invoice["currency"],
            {"description": "Subscription creation" if is_first else "Subscription update"},
            customer=invoice["customer"],
            types=subscription["payment_settings"]["payment_method_types"] or ["card"],
        )
        self._invoice_payments.create(invoice, intent)
        return intent

    def _method(self, subscription: Object, method_id: str | None) -> Object:
        """Which method pays: https://docs.stripe.com/billing/subscriptions/payment-methods-setting."""
        customer = self._backend.require("customer", subscription["customer"], "customer")
        found = (
            method_id
            or subscription["default_payment_method"]
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

    def _subscription(self, invoice: Object) -> Object:
        details = invoice["parent"]["subscription_details"]
        return self._backend.require("subscription", details["subscription"], "subscription")

    def _require(self, call: Call) -> Object:
        return self._backend.require("invoice", call.ids[0], "id", status=404)

    def _pay(self, call: Call) -> Object:
        invoice, params = self._require(call), call.params
        if invoice["status"] == "paid":
            raise errors.invalid("Invoice is already paid")
        if invoice["status"] == "void":
            raise errors.invalid("You can only pass in open invoices. This invoice isn't open.")
        if invoice["status"] == "draft":
            self.finalize(invoice)
            if invoice["status"] != "open":
                return invoice
        if params.get("paid_out_of_band"):
            self._subscription_payments.record_out_of_band(invoice)
            return invoice
        refusal = self.collect(invoice, params.get("payment_method"), asked=True)
        if refusal is not None:
            raise errors.card_error(
                refusal.message, refusal.code, refusal.decline_code, keeps_changes=True
            )
        return self._require(call)

    def _finalize_now(self, call: Call) -> Object:
        invoice = self._require(call)
        if invoice["status"] != "draft":
            raise errors.invalid(
                "This invoice is already finalized, you can't re-finalize a non-draft invoice."
            )
        self.finalize(invoice)
        return invoice

    def _void(self, call: Call) -> Object:
        invoice = self._require(call)
        if invoice["status"] == "paid":
            raise errors.invalid("Invoices with `paid` payments cannot be voided.")
        if invoice["status"] not in ("open", "uncollectible"):
            raise errors.invalid("You can only pass in open invoices. This invoice isn't open.")
        self._invoices.void(invoice, call.request)
        return invoice

    def _mark_uncollectible(self, call: Call) -> Object:
        invoice = self._require(call)
        if invoice["status"] != "open":
            raise errors.invalid("You can only pass in open invoices. This invoice isn't open.")
        self._invoices.mark_uncollectible(invoice, call.request)
        self._subscription_payments.forgive(invoice)
        return invoice


def _off_session_refusal(card: TestCard) -> CardRefusal | None:
    """What the bank says when nobody is there to authenticate."""
    return cards.AUTHENTICATION_REQUIRED if card.authenticates_always else card.refusal
