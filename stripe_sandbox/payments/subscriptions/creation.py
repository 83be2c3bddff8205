"""Subscriptions that a request creates, without a Checkout
(https://docs.stripe.com/api/subscriptions/create)."""

from __future__ import annotations

from typing import Any

from stripe.params._subscription_create_params import SubscriptionCreateParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import Call, Route
from stripe_sandbox.backend import Backend
from stripe_sandbox.payments.invoice_collection import InvoiceCollection
from stripe_sandbox.resources.billing.invoice_drafts import InvoiceDrafts
from stripe_sandbox.resources.billing.invoices import Invoices
from stripe_sandbox.resources.billing.subscriptions import LIVE, Subscriptions
from stripe_sandbox.scheduling.jobs import JobKind, ScheduledJobs
from stripe_sandbox.storage.objects import Object, Window

EXPIRES_AFTER = 23 * 3_600.0
"""Seconds in which the first invoice has to be paid."""
MAXIMUM_OF_TEST_CLOCK = 3
_CREATE = (
    *("customer", "default_payment_method", "description", "items.metadata", "items.price"),
    *("items.quantity", "metadata", "payment_behavior"),
)


class SubscriptionCreation:
    """Creates subscriptions and collects their first invoice."""

    def __init__(
        self,
        backend: Backend,
        jobs: ScheduledJobs,
        subscriptions: Subscriptions,
        invoices: Invoices,
        drafts: InvoiceDrafts,
        collection: InvoiceCollection,
    ) -> None:
        self._backend = backend
        self._jobs = jobs
        self._subscriptions = subscriptions
        self._invoices = invoices
        self._drafts = drafts
        self._collection = collection
        jobs.register(JobKind.SUBSCRIPTION_EXPIRY, self._expire)

    def routes(self) -> list[Route]:
        """The endpoint."""
        kind, url = self._subscriptions.kind, self._subscriptions.url
        return [Route("POST", url, self._create, SubscriptionCreateParams, kind, _CREATE)]

    def _create(self, call: Call) -> Object:
        params = call.params
        for name in ("customer", "items"):
            if name not in params:
                raise errors.parameter_missing(name)
        customer = self._backend.require("customer", params["customer"], "customer")
        self._check_test_clock(customer)
        lines = [self._line(item, index) for index, item in enumerate(params["items"])]
        subscription = self._subscriptions.create(customer, lines, params, None, call.request)
        method = params.get("default_payment_method")
        if method:
            self._backend.require("payment_method", method, "default_payment_method")
            subscription["default_payment_method"] = method
            self._backend.objects.save(subscription)
        invoice = self._invoices.create_first(subscription, customer, lines)
        behavior = params.get("payment_behavior", "allow_incomplete")
        if invoice["amount_due"] == 0:
            self._invoices.pay(invoice, None)
            self._subscriptions.activate(subscription, None)
        elif behavior == "default_incomplete":
            self._collection.prepare(invoice)
        else:
            refusal = self._collection.collect(invoice)
            if refusal is not None and behavior == "error_if_incomplete":
                raise errors.card_error(refusal.message, refusal.code, refusal.decline_code)
        stored = self._backend.require("subscription", subscription["id"], "subscription")
        if stored["status"] == "incomplete":
            due = self._backend.clock.time() + EXPIRES_AFTER
            self._jobs.add(due, JobKind.SUBSCRIPTION_EXPIRY, stored["id"])
        return stored

    def _check_test_clock(self, customer: Object) -> None:
        if customer["test_clock"] is None:
            return
        filters = {"customer": customer["id"], "status": LIVE}
        running, _ = self._backend.objects.page("subscription", filters, Window())
        if len(running) >= MAXIMUM_OF_TEST_CLOCK:
            raise errors.invalid(
                f"A customer of a test clock can have at most {MAXIMUM_OF_TEST_CLOCK} "
                "subscriptions.",
                "customer",
            )

    def _line(self, given: dict[str, Any], index: int) -> Object:
        param = f"items[{index}][price]"
        if "price" not in given:
            raise errors.parameter_missing(param)
        price = self._backend.require("price", given["price"], param)
        if not price["recurring"]:
            raise errors.invalid(
                "The price specified is set to `type=one_time` but this field only accepts prices "
                "with `type=recurring`.",
                param,
            )
        quantity = given.get("quantity", 1)
        item = {"metadata": given.get("metadata") or {}, "price": price, "quantity": quantity}
        return self._drafts.line_of(item)

    def _expire(self, identifier: str) -> None:
        subscription = self._backend.objects.get("subscription", identifier)
        if subscription is None or subscription["status"] != "incomplete":
            return
        invoice = self._backend.require("invoice", subscription["latest_invoice"], "invoice")
        self._subscriptions.expire(subscription)
        if invoice["status"] == "open":
            self._invoices.void(invoice)
