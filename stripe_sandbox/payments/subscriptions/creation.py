"""Subscriptions that a request creates, without a Checkout
(https://docs.stripe.com/api/subscriptions/create)."""

from __future__ import annotations

from typing import Any

from stripe.params._subscription_create_params import SubscriptionCreateParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import NO_REQUEST, Call, RequestInfo, Route
from stripe_sandbox.backend import Backend
from stripe_sandbox.currencies import parse_currency
from stripe_sandbox.payments.invoices.invoice_collection import InvoiceCollection
from stripe_sandbox.payments.subscriptions import billing_settings, item_prices
from stripe_sandbox.payments.subscriptions.change_invoices import (
    DEFAULT_BEHAVIOR,
    check_behavior,
    incomplete,
)
from stripe_sandbox.payments.subscriptions.endings import SubscriptionEndings
from stripe_sandbox.payments.subscriptions.item_prices import ItemPrices
from stripe_sandbox.payments.subscriptions.items import check_items, check_unique, purchase_of
from stripe_sandbox.payments.subscriptions.periods import (
    MAXIMUM_TRIAL_DAYS,
    check_trial_end,
    shorten_first,
)
from stripe_sandbox.resources.billing.discounts import Discounts
from stripe_sandbox.resources.billing.invoice_discounts import AppliedDiscount
from stripe_sandbox.resources.billing.invoice_drafts import InvoiceDrafts
from stripe_sandbox.resources.billing.invoices import Invoices
from stripe_sandbox.resources.billing.subscription_object import end_of_trial
from stripe_sandbox.resources.billing.subscriptions import LIVE, Subscriptions
from stripe_sandbox.resources.billing.test_clocks import MAXIMUM_SUBSCRIPTIONS
from stripe_sandbox.resources.checkout.line_items import begin_trial
from stripe_sandbox.scheduling.jobs import JobKind, ScheduledJobs
from stripe_sandbox.storage.objects import Object, Window

EXPIRES_AFTER = 23 * 3_600.0
"""Seconds in which the first invoice has to be paid."""
_CREATE = (
    *("add_invoice_items.price", "add_invoice_items.quantity", *billing_settings.PARAMETERS),
    *(f"items.{name}" for name in item_prices.PARAMETERS),
    *("billing_cycle_anchor", "cancel_at", "cancel_at_period_end", "currency", "customer"),
    *("default_payment_method", "description", "proration_behavior"),
    *("discounts.coupon", "discounts.promotion_code", "items.discounts.coupon"),
    *("items.discounts.promotion_code", "items.metadata", "items.quantity"),
    *("metadata", "payment_behavior", "payment_settings.save_default_payment_method"),
    *("trial_end", "trial_period_days", "trial_settings.end_behavior.missing_payment_method"),
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
        prices: ItemPrices,
        discounts: Discounts,
        endings: SubscriptionEndings,
    ) -> None:
        self._backend = backend
        self._jobs = jobs
        self._subscriptions = subscriptions
        self._invoices = invoices
        self._drafts = drafts
        self._collection = collection
        self._prices = prices
        self._discounts = discounts
        self._endings = endings
        jobs.register(JobKind.SUBSCRIPTION_EXPIRY, self._expire)

    def routes(self) -> list[Route]:
        """The endpoint."""
        kind, url = self._subscriptions.kind, self._subscriptions.url
        return [Route("POST", url, self._create, SubscriptionCreateParams, kind, _CREATE)]

    def begin(self, params: dict[str, Any]) -> tuple[Object, Object]:
        """A subscription with nothing invoiced, and its customer: to see what it would cost."""
        customer, lines = self._read(params, NO_REQUEST)
        return self._subscriptions.create(customer, lines, params, None), customer

    def _read(self, params: dict[str, Any], request: RequestInfo) -> tuple[Object, list[Object]]:
        """The customer and the lines."""
        for name in ("customer", "items"):
            if name not in params:
                raise errors.parameter_missing(name)
        customer = self._backend.require("customer", params["customer"], "customer")
        self._check_test_clock(customer)
        lines: list[Object] = []
        currency: str | None = None
        if "currency" in params:
            currency = parse_currency(params["currency"], "currency")
        for index, given in enumerate(params["items"]):
            path = f"items[{index}]"
            price = self._prices.recurring(given, path, request, currency)
            currency = price["currency"]
            check_unique(price["id"], (line["price"]["id"] for line in lines), path)
            lines.append(self._line(given, price))
        check_items(lines)
        return customer, lines

    def _create(self, call: Call) -> Object:
        params = call.params
        behavior = params.get("payment_behavior", DEFAULT_BEHAVIOR)
        check_behavior(behavior)
        billing_settings.check(params)
        customer, lines = self._read(params, call.request)
        purchase = purchase_of(customer["id"], lines)
        discounts = self._discounts.requested(params.get("discounts"), purchase, "discounts")
        of_items = self._of_items(customer, params, lines)
        if "billing_cycle_anchor" in params:
            shorten_first(lines, params, self._backend.clock.now())
        lines += self._further(params, lines[0]["currency"])
        data = {**params, **self._trial(params)}
        self._endings.check_new(params)
        if end_of_trial(data, self._backend.clock.now()) is not None:
            begin_trial(lines)
        subscription = self._subscriptions.create(
            customer, lines, data, None, call.request, discounts
        )
        for applied in discounts:
            self._discounts.redeem(applied)
        for item, wanted in zip(subscription["items"]["data"], of_items, strict=True):
            self._discounts.replace(subscription, [], wanted, call.request, item["id"])
        self._endings.schedule(subscription)
        method = params.get("default_payment_method")
        if method:
            self._backend.require("payment_method", method, "default_payment_method")
            subscription["default_payment_method"] = method
            self._backend.objects.save(subscription)
        sends = subscription["collection_method"] == "send_invoice"
        invoice = self._invoices.create_first(subscription, customer, lines, opens=not sends)
        if sends:
            self._collection.finalize_later(invoice)
            self._subscriptions.activate(subscription, None)
        elif invoice["amount_due"] == 0:
            self._invoices.pay(invoice, None)
            self._subscriptions.activate(subscription, None)
        elif behavior == "default_incomplete":
            self._collection.prepare(invoice)
        else:
            refusal = self._collection.collect(invoice)
            if refusal is not None and behavior == "error_if_incomplete":
                raise incomplete(refusal)
        stored = self._backend.require("subscription", subscription["id"], "subscription")
        if stored["status"] == "incomplete":
            due = self._backend.clock.time() + EXPIRES_AFTER
            self._jobs.add(due, JobKind.SUBSCRIPTION_EXPIRY, stored["id"])
        return stored

    def _of_items(
        self, customer: Object, params: dict[str, Any], lines: list[Object]
    ) -> list[list[AppliedDiscount]]:
        """What the request redeems for each item; its line names the discounts."""
        found = []
        for index, (given, line) in enumerate(zip(params["items"], lines, strict=True)):
            purchase = purchase_of(customer["id"], [line])
            wanted = self._discounts.requested(
                given.get("discounts"), purchase, f"items[{index}][discounts]"
            )
            line["discount_ids"] = [applied.discount["id"] for applied in wanted]
            found.append(wanted)
        return found

    def _trial(self, params: dict[str, Any]) -> dict[str, Any]:
        """The trial that the request asks for; `now` is none. StripeError: there is none such."""
        end, days = params.get("trial_end"), params.get("trial_period_days")
        errors.check_exclusive(params, "trial_end", "trial_period_days")
        if days is not None and not 1 <= days <= MAXIMUM_TRIAL_DAYS:
            raise errors.invalid(
                f"The number of free trial period days must be from 1 to {MAXIMUM_TRIAL_DAYS}.",
                "trial_period_days",
            )
        if isinstance(end, int):
            check_trial_end(params, self._backend.clock.now())
        return {"trial_end": None if end == "now" else end}

    def _check_test_clock(self, customer: Object) -> None:
        if customer["test_clock"] is None:
            return
        filters = {"customer": customer["id"], "status": LIVE}
        running, _ = self._backend.objects.page("subscription", filters, Window())
        if len(running) >= MAXIMUM_SUBSCRIPTIONS:
            raise errors.invalid(
                f"A customer of a test clock can have at most {MAXIMUM_SUBSCRIPTIONS} "
                "subscriptions.",
                "customer",
            )

    def _line(self, given: dict[str, Any], price: Object) -> Object:
        quantity = given.get("quantity", 1)
        item = {"metadata": given.get("metadata") or {}, "price": price, "quantity": quantity}
        return self._drafts.line_of(item)

    def _further(self, params: dict[str, Any], currency: str) -> list[Object]:
        """The lines of what is sold once, with the first invoice."""
        return [
            self._line(given, self._prices.one_time(given, f"add_invoice_items[{index}]", currency))
            for index, given in enumerate(params.get("add_invoice_items") or ())
        ]

    def _expire(self, identifier: str) -> None:
        subscription = self._backend.objects.get("subscription", identifier)
        if subscription is None or subscription["status"] != "incomplete":
            return
        invoice = self._backend.require("invoice", subscription["latest_invoice"], "invoice")
        self._subscriptions.expire(subscription)
        if invoice["status"] == "open":
            self._collection.void(invoice)
