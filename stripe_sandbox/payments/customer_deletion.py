"""Deleting a customer (https://docs.stripe.com/api/customers/delete), with what ends by that."""

from __future__ import annotations

from stripe.params._customer_delete_params import CustomerDeleteParams

from stripe_sandbox.api.endpoint import Call, RequestInfo, Route
from stripe_sandbox.backend import Backend
from stripe_sandbox.resources.billing.subscriptions import ENDED, Subscriptions
from stripe_sandbox.resources.checkout.checkout_sessions import CheckoutSessions
from stripe_sandbox.resources.customers.customers import Customers
from stripe_sandbox.resources.customers.payment_methods import PaymentMethods
from stripe_sandbox.schema.objects import deleted_object
from stripe_sandbox.storage.objects import Object


class CustomerDeletion:
    """Deletes customers: their subscriptions are canceled at once, what they owe is collected no
    more, their payment methods are detached, and their open Checkout Sessions expire."""

    def __init__(
        self,
        backend: Backend,
        customers: Customers,
        subscriptions: Subscriptions,
        methods: PaymentMethods,
        sessions: CheckoutSessions,
    ) -> None:
        self._backend = backend
        self._customers = customers
        self._subscriptions = subscriptions
        self._methods = methods
        self._sessions = sessions

    def routes(self) -> list[Route]:
        """The endpoint."""
        path, kind = self._customers.path, self._customers.kind
        return [Route("DELETE", path, self._delete, CustomerDeleteParams, kind)]

    def _delete(self, call: Call) -> Object:
        customer = self._backend.require("customer", call.ids[0], "id", status=404)
        self.delete(customer, call.request)
        return deleted_object(customer)

    def delete(self, customer: Object, request: RequestInfo) -> None:
        """Delete the customer. Records `customer.deleted`, after the events of what ends."""
        self._end(customer["id"], request)
        self._backend.objects.mark_deleted("customer", customer["id"])
        self._backend.events.record("customer.deleted", customer, request)

    def _end(self, customer: str, request: RequestInfo) -> None:
        for subscription in self._of(customer, "subscription"):
            if subscription["status"] not in ENDED:
                self._subscriptions.end(subscription, "cancellation_requested", request)
        for invoice in self._of(customer, "invoice"):
            if invoice["status"] in ("draft", "open"):
                invoice.update(auto_advance=False, next_payment_attempt=None)
                self._backend.objects.save(invoice)
        for method in self._of(customer, "payment_method"):
            self._methods.detach(method, request)
        for session in self._of(customer, "checkout.session"):
            if session["status"] == "open":
                self._sessions.close(session, request)

    def _of(self, customer: str, kind: str) -> list[Object]:
        """All objects of the kind that are the customer's."""
        return [
            self._backend.require(kind, identifier, kind)
            for identifier in self._backend.objects.ids(kind, "customer = ?", (customer,))
        ]
