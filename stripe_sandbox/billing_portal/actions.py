"""What customers do in the portal and on the page of an invoice
(https://docs.stripe.com/customer-management)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from stripe_sandbox.backend import Backend
from stripe_sandbox.payment_methods import cards
from stripe_sandbox.payment_methods.cards import CardRefusal
from stripe_sandbox.payments.invoices.invoice_collection import InvoiceCollection
from stripe_sandbox.payments.outcomes import Card, Payer
from stripe_sandbox.payments.saved_methods import SavedMethods
from stripe_sandbox.payments.subscriptions.endings import SubscriptionEndings
from stripe_sandbox.resources.billing.subscriptions import LIVE, Subscriptions
from stripe_sandbox.resources.billing.test_clocks import TestClocks
from stripe_sandbox.resources.customers.customers import Customers
from stripe_sandbox.storage.objects import Object, Window

_OPEN = ("open", "uncollectible")
"""The statuses of invoices that can still be paid."""


class CustomerActions:
    """Changes a card, cancels and keeps subscriptions, pays invoices."""

    def __init__(
        self,
        backend: Backend,
        customers: Customers,
        subscriptions: Subscriptions,
        endings: SubscriptionEndings,
        saved_methods: SavedMethods,
        collection: InvoiceCollection,
        test_clocks: TestClocks,
    ) -> None:
        self._backend = backend
        self._customers = customers
        self._subscriptions = subscriptions
        self._endings = endings
        self._saved_methods = saved_methods
        self._collection = collection
        self._test_clocks = test_clocks

    def change_card(self, customer_id: str, card: Card, payer: Payer) -> CardRefusal | None:
        """Save a new card, which from now on pays the customer's invoices and those of each
        subscription of theirs. Returns why its bank refuses."""
        with self._changing(customer_id):
            customer = self._backend.require("customer", customer_id, "customer")
            method = self._saved_methods.add(customer, card, payer)
            if isinstance(method, CardRefusal):
                return method
            settings = {**customer["invoice_settings"], "default_payment_method": method["id"]}
            self._customers.change(customer, {"invoice_settings": settings})
            for subscription in self.subscriptions(customer_id):
                if subscription["default_payment_method"]:
                    change = {"default_payment_method": method["id"]}
                    self._subscriptions.change(subscription, change)
            return None

    def subscriptions(self, customer_id: str) -> list[Object]:
        """The customer's subscriptions that have not ended, the newest first."""
        filters = {"customer": customer_id, "status": LIVE}
        found = self._backend.page("subscription", "", filters, Window(100)).to_object()
        subscriptions: list[Object] = found["data"]
        return subscriptions

    def subscription(self, customer_id: str, identifier: str) -> Object | None:
        """That subscription, if it is the customer's and has not ended."""
        found = self._backend.objects.get("subscription", identifier)
        if found is None or found["customer"] != customer_id or found["status"] not in LIVE:
            return None
        return found

    def cancel(self, subscription: Object, *, at_period_end: bool, details: dict[str, Any]) -> None:
        """Cancel it now or at the end of its period; `details` are the feedback and comment."""
        with self._changing(subscription["customer"]):
            if at_period_end:
                end = subscription["items"]["data"][0]["current_period_end"]
                self._endings.end_later(subscription, end, details)
            else:
                self._endings.end_now(subscription, details)

    def keep(self, subscription: Object) -> None:
        """Take back that it is to be canceled."""
        with self._changing(subscription["customer"]):
            self._endings.keep(subscription)

    def can_be_paid(self, invoice: Object) -> bool:
        """Whether the customer can pay the invoice; nobody pays a deleted customer's."""
        return (
            invoice["status"] in _OPEN
            and invoice["amount_remaining"] > 0
            and self._backend.objects.get("customer", invoice["customer"]) is not None
        )

    def pay(self, invoice: Object, card: Card, payer: Payer) -> CardRefusal | str | None:
        """Pay an open invoice with a card. Returns why the bank refuses, or, where it wants 3-D
        Secure first, the id of the payment method with which `authenticate` goes on."""
        with self._changing(invoice["customer"]):
            customer = self._backend.require("customer", invoice["customer"], "customer")
            method = self._saved_methods.add(customer, card, payer, charged=True)
            if isinstance(method, CardRefusal):
                return method
            if cards.of_fingerprint(method["card"]["fingerprint"]).authentication:
                self._collection.ask_to_authenticate(invoice, method)
                identifier: str = method["id"]
                return identifier
            return self._collection.pay(invoice, method)

    def authenticate(self, invoice: Object, method_id: str, *, succeed: bool) -> CardRefusal | None:
        """Complete or fail 3-D Secure. Returns why the payment failed. KeyError: the invoice does
        not wait for that."""
        with self._changing(invoice["customer"]):
            method = self._backend.objects.get("payment_method", method_id)
            if method is None or not self._collection.waits_for(invoice, method):
                raise KeyError(method_id)
            if not succeed:
                self._collection.fail_authentication(invoice, method)
                return cards.AUTHENTICATION_FAILED
            return self._collection.pay(invoice, method, authenticated=True)

    @contextmanager
    def _changing(self, customer: str) -> Iterator[None]:
        """A transaction, in the time in which the customer of that id lives."""
        with self._backend.database.transaction(), self._test_clocks.time_of(customer):
            yield
