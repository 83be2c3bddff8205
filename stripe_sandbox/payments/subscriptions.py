"""What the payment of an invoice does to its subscription and its customer
(https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses)."""

from __future__ import annotations

from stripe_sandbox.backend import Backend
from stripe_sandbox.resources.customers import Customers
from stripe_sandbox.resources.invoices import Invoices
from stripe_sandbox.schema.objects import apply_changes
from stripe_sandbox.storage.objects import Object


class SubscriptionPayments:
    """Applies the result of a payment to what it pays for."""

    def __init__(self, backend: Backend, invoices: Invoices, customers: Customers) -> None:
        self._backend = backend
        self._invoices = invoices
        self._customers = customers

    def record_payment(
        self, intent: Object, *, paid: bool, authentication_required: bool = False
    ) -> None:
        """Mark the intent's invoice, if it pays one, as paid or failed, and its subscription as
        active or past due. `authentication_required`: it failed because the bank wants the customer
        to authenticate."""
        invoice = self._invoices.of_intent(intent["id"])
        if invoice is None:
            return
        if paid:
            self._invoices.pay(invoice, intent)
        else:
            self._invoices.fail(invoice, authentication_required=authentication_required)
        customer = self._backend.require("customer", invoice["customer"], "customer")
        self._customers.change(customer, {"delinquent": not paid})
        details = invoice["parent"]["subscription_details"]
        subscription = self._backend.require(
            "subscription", details["subscription"], "subscription"
        )
        previous = apply_changes(subscription, {"status": "active" if paid else "past_due"})
        if previous:
            self._backend.objects.save(subscription)
            self._backend.events.record(
                "customer.subscription.updated", subscription, previous=previous
            )
