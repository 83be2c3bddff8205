"""Subscriptions at the end of their period (https://docs.stripe.com/billing/subscriptions/overview).

Stripe leaves the new invoice a draft for about an hour, and tries a failed payment again for some
weeks; here the invoice is final at once, and its payment is tried once.
"""

from __future__ import annotations

from stripe_sandbox import bank_accounts, cards
from stripe_sandbox.backend import Backend
from stripe_sandbox.cards import CardRefusal, TestCard
from stripe_sandbox.payments.bank_debits import BankDebits, DebitPayment
from stripe_sandbox.payments.card_charges import CardCharges, CardPayment
from stripe_sandbox.payments.subscriptions import SubscriptionPayments
from stripe_sandbox.resources.billing_cycle import next_period_end
from stripe_sandbox.resources.invoice_payments import InvoicePayments
from stripe_sandbox.resources.invoices import Invoices
from stripe_sandbox.resources.payment_intents import PaymentIntents
from stripe_sandbox.resources.subscriptions import ENDED
from stripe_sandbox.scheduling.jobs import JobKind, ScheduledJobs
from stripe_sandbox.schema.objects import apply_changes
from stripe_sandbox.storage.objects import Object


class Renewals:
    """Renews subscriptions: the next period, its invoice, and one try to collect it."""

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
        jobs.register(JobKind.RENEWAL, self._renew)

    def _renew(self, identifier: str) -> None:
        subscription = self._backend.objects.get("subscription", identifier)
        if subscription is None or subscription["status"] in ENDED:
            return
        customer = self._backend.require("customer", subscription["customer"], "customer")
        items = [_renewed(item, subscription) for item in subscription["items"]["data"]]
        renewed = {**subscription["items"], "data": items}
        invoice = self._invoices.create_renewal(subscription, customer, items)
        previous = apply_changes(subscription, {"items": renewed, "latest_invoice": invoice["id"]})
        self._backend.objects.save(subscription)
        self._backend.events.record(
            "customer.subscription.updated", subscription, previous=previous
        )
        self._jobs.add(items[0]["current_period_end"], JobKind.RENEWAL, identifier)
        self._invoices.finalize(invoice, customer)
        if invoice["total"] == 0:
            self._invoices.pay(invoice, None)
            return
        self._collect(invoice, subscription)

    def _collect(self, invoice: Object, subscription: Object) -> None:
        intent = self._intents.create(
            invoice["total"],
            invoice["currency"],
            {"description": "Subscription update"},
            customer=invoice["customer"],
            types=subscription["payment_settings"]["payment_method_types"],
        )
        self._invoice_payments.create(invoice, intent)
        method = self._backend.require(
            "payment_method", subscription["default_payment_method"], "payment_method"
        )
        if method["type"] == "us_bank_account":
            account = bank_accounts.of_fingerprint(method["us_bank_account"]["fingerprint"])
            self._bank_debits.begin(DebitPayment(intent, method, account))
            return
        card = cards.of_fingerprint(method["card"]["fingerprint"])
        refusal = _off_session_refusal(card)
        self._card_charges.charge(CardPayment(intent, method, card, refusal))
        self._subscription_payments.record_payment(
            intent,
            paid=refusal is None,
            authentication_required=refusal is cards.AUTHENTICATION_REQUIRED,
        )


def _renewed(item: Object, subscription: Object) -> Object:
    """The item in its next period."""
    recurring = item["price"]["recurring"]
    start = item["current_period_end"]
    anchor = subscription["billing_cycle_anchor"]
    end = next_period_end(anchor, start, recurring["interval"], recurring["interval_count"])
    return {**item, "current_period_end": end, "current_period_start": start}


def _off_session_refusal(card: TestCard) -> CardRefusal | None:
    """What the bank says when nobody is there to authenticate."""
    return cards.AUTHENTICATION_REQUIRED if card.authenticates_always else card.refusal
