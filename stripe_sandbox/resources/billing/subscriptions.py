"""Subscriptions (https://docs.stripe.com/api/subscriptions), as far as a Checkout creates them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stripe.params._subscription_item_list_params import SubscriptionItemListParams
from stripe.params._subscription_list_params import SubscriptionListParams
from stripe.params._subscription_retrieve_params import SubscriptionRetrieveParams

from stripe_sandbox.api.endpoint import NO_REQUEST, Call, RequestInfo, Route
from stripe_sandbox.api.pagination import paginate
from stripe_sandbox.backend import Backend
from stripe_sandbox.resources.billing.discounts import Discounts
from stripe_sandbox.resources.billing.invoice_discounts import AppliedDiscount
from stripe_sandbox.resources.billing.subscription_object import (
    DAY_SECONDS,
    ITEMS_URL,
    new_subscription,
)
from stripe_sandbox.resources.billing.test_clocks import TestClocks
from stripe_sandbox.resources.resource import Resource
from stripe_sandbox.scheduling.jobs import JobKind, ScheduledJobs
from stripe_sandbox.schema.objects import apply_changes
from stripe_sandbox.storage.objects import Object

NOTICE_SECONDS = 3 * DAY_SECONDS
"""How long before a renewal `invoice.upcoming`, and before the end of a trial
`customer.subscription.trial_will_end`, announces it."""

ENDED = ("canceled", "incomplete_expired")
LIVE = ("active", "incomplete", "past_due", "paused", "trialing", "unpaid")


class Subscriptions(Resource):
    """Creates, activates and shows subscriptions."""

    kind = "subscription"
    url = "/v1/subscriptions"
    retrieve_params = SubscriptionRetrieveParams
    list_params = SubscriptionListParams
    filters = (
        *("automatic_tax.enabled", "collection_method", "created", "current_period_end"),
        *("current_period_start", "customer", "customer_account", "plan", "price", "status"),
        "test_clock",
    )

    def __init__(
        self,
        backend: Backend,
        jobs: ScheduledJobs,
        test_clocks: TestClocks,
        discounts: Discounts,
    ) -> None:
        super().__init__(backend)
        self._discounts = discounts
        self._test_clocks = test_clocks
        self._jobs = jobs
        jobs.register(JobKind.TRIAL_NOTICE, self._announce_trial_end)

    def routes(self) -> list[Route]:
        """All endpoints, those of subscription items included."""
        return [
            *super().routes(),
            Route.listing(
                ITEMS_URL,
                self._list_items,
                SubscriptionItemListParams,
                "subscription_item",
                ("subscription",),
            ),
        ]

    def create(
        self,
        customer: Object,
        line_items: list[Object],
        data: dict[str, Any],
        method_types: list[str] | None,
        request: RequestInfo = NO_REQUEST,
        discounts: Sequence[AppliedDiscount] = (),
    ) -> Object:
        """A subscription to the lines' recurring Prices, `incomplete` until `activate`, or
        `trialing`; `data` may hold description, metadata and what a trial is. Its `latest_invoice`
        is the id that its first invoice is to have. Records `customer.subscription.created` and
        `customer.discount.created`."""
        now = self._backend.clock.now()
        subscription = new_subscription(customer, line_items, data, method_types, now)
        subscription["discounts"] = [applied.discount["id"] for applied in discounts]
        self._backend.objects.insert(subscription)
        self._backend.events.record("customer.subscription.created", subscription, request)
        for applied in discounts:
            self._discounts.begin(subscription, applied, request)
        return subscription

    def activate(self, subscription: Object, method: Object | None) -> None:
        """The first invoice is paid, or being paid: the subscription is active, or goes on with
        its trial, the method (None: the customer's) pays its renewals, and the first one is
        scheduled. Records `customer.subscription.updated`."""
        changes = {"default_payment_method": method["id"]} if method else {}
        status = "active" if subscription["trial_end"] is None else "trialing"
        self.change(subscription, {**changes, "status": status})
        self.schedule_period(subscription)

    def schedule_period(self, subscription: Object) -> None:
        """Have the subscription renewed at the end of its period, and the end of its trial
        announced."""
        period_end = subscription["items"]["data"][0]["current_period_end"]
        self.schedule_renewal(subscription["id"], period_end)
        if subscription["status"] == "trialing":
            notice = max(subscription["trial_end"] - NOTICE_SECONDS, self._backend.clock.time())
            self._jobs.add(notice, JobKind.TRIAL_NOTICE, subscription["id"])

    def _announce_trial_end(self, identifier: str) -> None:
        """Record `customer.subscription.trial_will_end`."""
        subscription = self._backend.objects.get(self.kind, identifier)
        if subscription is None or subscription["status"] != "trialing":
            return
        if subscription["trial_end"] - NOTICE_SECONDS <= self._backend.clock.time():
            self._backend.events.record("customer.subscription.trial_will_end", subscription)

    def ends_with_trial(
        self, subscription: Object, customer: Object, request: RequestInfo = NO_REQUEST
    ) -> bool:
        """Whether the subscription, whose trial has ended, is canceled or paused by that, as nobody
        has given a payment method (https://docs.stripe.com/billing/subscriptions/trials)."""
        method = (
            subscription["default_payment_method"]
            or customer["invoice_settings"]["default_payment_method"]
        )
        behavior = subscription["trial_settings"]["end_behavior"]["missing_payment_method"]
        if subscription["status"] != "trialing" or method or behavior == "create_invoice":
            return False
        if behavior == "cancel":
            self.end(subscription, "cancellation_requested", request)
        else:
            event = "customer.subscription.paused"
            self.change(subscription, {"status": "paused"}, request, event)
        return True

    def schedule_renewal(self, identifier: str, period_end: int) -> None:
        """Have the subscription of that id renewed at the end of its period, and that announced
        some days before."""
        self._jobs.add(period_end, JobKind.RENEWAL, identifier)
        notice = period_end - NOTICE_SECONDS
        if notice > self._backend.clock.time():
            self._jobs.add(notice, JobKind.RENEWAL_NOTICE, identifier)

    def change(
        self,
        subscription: Object,
        changes: dict[str, Any],
        request: RequestInfo = NO_REQUEST,
        event: str = "customer.subscription.updated",
    ) -> None:
        """Store changed fields; records the event if any differs."""
        previous = apply_changes(subscription, changes)
        self._backend.objects.save(subscription)
        if previous:
            self._backend.events.record(event, subscription, request, previous)

    def end(self, subscription: Object, reason: str, request: RequestInfo = NO_REQUEST) -> None:
        """Cancel it now, for good; `reason` stands in its `cancellation_details`. What is still
        open is collected no more. Records `customer.subscription.deleted`."""
        now = self._backend.clock.now()
        invoice = self._backend.objects.get("invoice", subscription["latest_invoice"])
        if invoice is not None and invoice["status"] in ("draft", "open"):
            invoice.update(auto_advance=False, next_payment_attempt=None)
            self._backend.objects.save(invoice)
        subscription.update(
            cancel_at_period_end=False,
            canceled_at=subscription["canceled_at"] or now,
            cancellation_details={**subscription["cancellation_details"], "reason": reason},
            ended_at=now,
            status="canceled",
        )
        self._backend.objects.save(subscription)
        self._backend.events.record("customer.subscription.deleted", subscription, request)

    def expire(self, subscription: Object) -> None:
        """Its first invoice was not paid in time: it never begins. Records
        `customer.subscription.updated`."""
        now = self._backend.clock.now()
        self.change(subscription, {"ended_at": now, "status": "incomplete_expired"})

    def _conditions(self, params: dict[str, Any]) -> dict[str, Any]:
        conditions = super()._conditions(params)
        if "customer" not in params:
            conditions = {**self._test_clocks.of_account(), **conditions}
        if "automatic_tax" in params:
            conditions["automatic_tax.enabled"] = params["automatic_tax"]["enabled"]
        status = conditions.pop("status", None)
        if status is None:
            conditions["status"] = LIVE
        elif status == "ended":
            conditions["status"] = ENDED
        elif status != "all":
            conditions["status"] = status
        return conditions

    def _list_items(self, call: Call) -> Object:
        subscription = self._backend.require(self.kind, call.params["subscription"], "subscription")
        return paginate(ITEMS_URL, subscription["items"]["data"], call.params, "subscription_item")
