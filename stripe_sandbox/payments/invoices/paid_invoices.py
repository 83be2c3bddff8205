"""Invoices for one-time payments by Checkout
(https://docs.stripe.com/payments/checkout/post-payment-invoices)."""

from __future__ import annotations

from stripe_sandbox.resources.billing.invoice_payments import InvoicePayments
from stripe_sandbox.resources.billing.invoices import Invoices
from stripe_sandbox.resources.checkout.checkout_session_object import wants_invoice
from stripe_sandbox.resources.checkout.checkout_sessions import CheckoutSessions
from stripe_sandbox.storage.objects import Object


class PaidInvoices:
    """Makes the invoice of a payment that has succeeded, where the session asks for one."""

    def __init__(
        self, sessions: CheckoutSessions, invoices: Invoices, payments: InvoicePayments
    ) -> None:
        self._sessions = sessions
        self._invoices = invoices
        self._payments = payments

    def create(self, session: Object, customer: Object | None, intent: Object | None) -> str | None:
        """The id of the paid invoice; None: the session wants none. `intent`: None where there was
        nothing to pay. Records `invoice.created`, `invoice.finalized` and those of its payment."""
        if customer is None or not wants_invoice(session):
            return None
        data = session["invoice_creation"]["invoice_data"]
        items = self._sessions.all_line_items(session["id"])
        given = {name: data[name] for name in ("custom_fields", "description", "footer")}
        given["metadata"] = data["metadata"] or {}
        invoice = self._invoices.create_one_time(
            customer, items, given, self._sessions.discounts(session)
        )
        if intent is not None:
            self._payments.create(invoice, intent)
        self._invoices.pay(invoice, intent)
        identifier: str = invoice["id"]
        return identifier
