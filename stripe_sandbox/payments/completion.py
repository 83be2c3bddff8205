"""Completing a Checkout Session (https://docs.stripe.com/payments/checkout/how-checkout-works)."""

from __future__ import annotations

from stripe_sandbox.backend import Backend
from stripe_sandbox.payments.bank_debits import BankDebits, DebitPayment
from stripe_sandbox.payments.card_charges import CardCharges, CardPayment
from stripe_sandbox.payments.invoices.paid_invoices import PaidInvoices
from stripe_sandbox.payments.saved_methods import SavedMethods
from stripe_sandbox.resources.billing.invoice_payments import InvoicePayments
from stripe_sandbox.resources.billing.invoices import Invoices
from stripe_sandbox.resources.billing.subscriptions import Subscriptions
from stripe_sandbox.resources.checkout.checkout_session_object import (
    asks_for_phone,
    customer_details,
    wants_invoice,
)
from stripe_sandbox.resources.checkout.checkout_sessions import CheckoutSessions
from stripe_sandbox.resources.customers.customers import Customers
from stripe_sandbox.schema.objects import build
from stripe_sandbox.storage.objects import Object


class SessionCompletion:
    """Does what a session's payment brings about, in Stripe's order."""

    def __init__(
        self,
        backend: Backend,
        sessions: CheckoutSessions,
        customers: Customers,
        saved_methods: SavedMethods,
        subscriptions: Subscriptions,
        invoices: Invoices,
        invoice_payments: InvoicePayments,
        card_charges: CardCharges,
        bank_debits: BankDebits,
        paid_invoices: PaidInvoices,
    ) -> None:
        self._backend = backend
        self._sessions = sessions
        self._customers = customers
        self._saved_methods = saved_methods
        self._subscriptions = subscriptions
        self._invoices = invoices
        self._invoice_payments = invoice_payments
        self._card_charges = card_charges
        self._bank_debits = bank_debits
        self._paid_invoices = paid_invoices

    def complete(
        self,
        session: Object,
        billing: Object,
        payment: CardPayment | DebitPayment | None,
        method: Object | None = None,
    ) -> str:
        """Complete the open session: create what it sells, charge the payment (None: there is
        nothing to pay), pay the invoice, activate the subscription, whose renewals the payment's
        method pays, or the one that is given. Returns the id of the event
        `checkout.session.completed`.

        A card's payment must not be one that is refused. With a debit the session and the invoice
        stay unpaid until the bank answers.
        """
        customer = self.customer(session, billing, saves=_is_saved(payment))
        changes: Object = {"customer": customer and customer["id"]}
        subscription = invoice = None
        if payment is not None:
            method = payment.method
            payment.intent["customer"] = changes["customer"]
        if session["mode"] == "subscription" and customer is not None:
            if method is not None:
                self._saved_methods.save(method, customer["id"])
            items = self._sessions.all_line_items(session["id"])
            hidden = self._backend.objects.hidden("checkout.session", session["id"])
            subscription = self._subscriptions.create(
                customer,
                items,
                hidden["subscription_data"],
                session["payment_method_types"],
                discounts=self._sessions.discounts(session),
            )
            invoice = self._invoices.create_first(
                subscription, customer, items, applies_balance=False
            )
            changes |= {"invoice": invoice["id"], "subscription": subscription["id"]}
            if payment is not None:
                self._invoice_payments.create(invoice, payment.intent)
        elif session["mode"] == "setup" and customer is not None and method is not None:
            self._saved_methods.save(method, customer["id"])
        elif payment is not None:
            changes |= {"payment_intent": payment.intent["id"]}
            if customer is not None:
                self._save(payment, customer["id"])
        if payment is not None:
            self._charge(session, payment)
        if invoice is not None and not isinstance(payment, DebitPayment):
            self._invoices.pay(invoice, payment.intent if payment else None)
        if session["mode"] == "payment" and not isinstance(payment, DebitPayment):
            changes["invoice"] = self._paid_invoices.create(
                session, customer, payment.intent if payment else None
            )
        changes["payment_status"] = _payment_status(session, payment)
        completed = self._sessions.complete(session, {**changes, **_collected(billing)})
        if subscription is not None:
            self._subscriptions.activate(subscription, method)
        return completed

    def _save(self, payment: CardPayment | DebitPayment, customer: str) -> None:
        """Save what pays once, if the payer or the shop wants that: what only the shop wants is not
        offered to the payer again."""
        method, usage = payment.method, payment.intent["setup_future_usage"]
        if usage and method["customer"] is None and not _is_saved(payment):
            method["allow_redisplay"] = "limited"
        if usage or _is_saved(payment):
            self._saved_methods.save(method, customer, off_session=usage == "off_session")

    def _charge(self, session: Object, payment: CardPayment | DebitPayment) -> None:
        if isinstance(payment, CardPayment):
            self._card_charges.charge(payment)
        else:
            self._bank_debits.begin(payment, session["id"])

    def customer(self, session: Object, billing: Object, *, saves: bool) -> Object | None:
        """The session's customer, or a new one if it is to have one, as where a payment method
        is saved."""
        if session["customer"]:
            customer = self._backend.require("customer", session["customer"], "customer")
            self._customers.change(customer, self._updates(session, customer, billing))
            return customer
        is_free = session["amount_total"] == 0
        is_needed = is_free or saves or wants_invoice(session)
        if session["customer_creation"] != "always" and not is_needed:
            return None
        given = ("address", "email", "name", "phone")
        known = any(billing["address"].values())
        details = {name: billing[name] for name in given}
        return self._customers.create(details if known else {**details, "address": None})

    def _updates(self, session: Object, customer: Object, billing: Object) -> Object:
        """What Checkout changes of a customer that it was given: what the session's
        `customer_update` says, the phone number where it asks for one, and the email where there is
        none."""
        hidden = self._backend.objects.hidden("checkout.session", session["id"])
        names = [name for name, how in hidden.get("customer_update", {}).items() if how == "auto"]
        if asks_for_phone(session):
            names.append("phone")
        if customer["email"] is None:
            names.append("email")
        return {name: billing[name] for name in names}


def _is_saved(payment: CardPayment | DebitPayment | None) -> bool:
    """Whether the payer chose to have a new payment method saved."""
    if payment is None or payment.method["customer"] is not None:
        return False
    return bool(payment.method["allow_redisplay"] == "always")


def _payment_status(session: Object, payment: CardPayment | DebitPayment | None) -> str:
    if isinstance(payment, DebitPayment):
        return "unpaid"
    return "paid" if session["amount_total"] else "no_payment_required"


def _collected(billing: Object) -> Object:
    """What the session says of the payer."""
    path = "checkout.session.CustomerDetails.Address"
    known = any(billing["address"].values())
    address = build(path, billing["address"]) if known else None
    return {
        "collected_information": build("checkout.session.CollectedInformation", {}),
        "customer_details": {
            **customer_details(billing["email"], billing["name"], billing["phone"]),
            "address": address,
            "tax_ids": [],
        },
    }
