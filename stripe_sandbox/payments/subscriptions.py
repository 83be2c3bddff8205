"""What the payment of an invoice does to its subscription and its customer
(https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses)."""

from __future__ import annotations

from stripe_sandbox.backend import World
from stripe_sandbox.resources.customers import Customers
from stripe_sandbox.resources.invoices import Invoices
from stripe_sandbox.resources.subscriptions import KIND as SUBSCRIPTION
from stripe_sandbox.schema.objects import updated
from stripe_sandbox.storage.objects import Object


class SubscriptionPayments:
    """Invoices that are paid, or are not, and what follows."""

    def __init__(self, world: World, invoices: Invoices, customers: Customers) -> None:
        self._world = world
        self._invoices = invoices
        self._customers = customers

    def settled(self, intent: Object, *, paid: bool, asks: bool = False) -> None:
        """The intent's invoice, if it pays one, is paid or not; then its subscription is active or
        past due. `asks`: it failed because the bank wants the customer to authenticate."""
        invoice = self._invoices.of_intent(intent["id"])
        if invoice is None:
            return
        if paid:
            self._invoices.pay(invoice, intent)
        else:
            self._invoices.fail(invoice, asks=asks)
        customer = self._world.require("customer", invoice["customer"], "customer")
        self._customers.change(customer, {"delinquent": not paid})
        details = invoice["parent"]["subscription_details"]
        subscription = self._world.require(SUBSCRIPTION, details["subscription"], SUBSCRIPTION)
        previous = updated(subscription, {"status": "active" if paid else "past_due"})
        if previous:
            self._world.objects.save(subscription)
            self._world.events.record(
                "customer.subscription.updated", subscription, previous=previous
            )
