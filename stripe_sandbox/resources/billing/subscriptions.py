"""Subscriptions (https://docs.stripe.com/api/subscriptions), as far as a Checkout creates them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stripe.params._subscription_item_list_params import SubscriptionItemListParams
from stripe.params._subscription_list_params import SubscriptionListParams
from stripe.params._subscription_retrieve_params import SubscriptionRetrieveParams

from stripe_sandbox.api.endpoint import NO_REQUEST, Call, RequestInfo, Route
from stripe_sandbox.api.pagination import list_object, paginate
from stripe_sandbox.backend import Backend
from stripe_sandbox.ids import new_id
from stripe_sandbox.resources.billing.billing_cycle import add_interval
from stripe_sandbox.resources.billing.discounts import AppliedDiscount, Discounts
from stripe_sandbox.resources.billing.test_clocks import TestClocks
from stripe_sandbox.resources.resource import Resource
from stripe_sandbox.scheduling.jobs import JobKind, ScheduledJobs
from stripe_sandbox.schema.objects import apply_changes, build
from stripe_sandbox.schema.plans import plan_of
from stripe_sandbox.storage.objects import Object

ITEMS_URL = "/v1/subscription_items"

DAY_SECONDS = 86_400
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
        subscription = self._new(customer, line_items, data, method_types)
        subscription["discounts"] = [applied.discount["id"] for applied in discounts]
        self._backend.objects.insert(subscription)
        self._backend.events.record("customer.subscription.created", subscription, request)
        for applied in discounts:
            self._discounts.begin(subscription, applied)
        return subscription

    def activate(self, subscription: Object, method: Object | None) -> None:
        """The first invoice is paid, or being paid: the subscription is active, or goes on with
        its trial, the method (None: the customer's) pays its renewals, and the first one is
        scheduled. Records `customer.subscription.updated`."""
        changes = {"default_payment_method": method["id"]} if method else {}
        status = "active" if subscription["trial_end"] is None else "trialing"
        self.change(subscription, {**changes, "status": status})
        period_end = subscription["items"]["data"][0]["current_period_end"]
        self.schedule_renewal(subscription["id"], period_end)
        if subscription["trial_end"] is not None:
            notice = max(subscription["trial_end"] - NOTICE_SECONDS, self._backend.clock.time())
            self._jobs.add(notice, JobKind.TRIAL_NOTICE, subscription["id"])

    def _announce_trial_end(self, identifier: str) -> None:
        """Record `customer.subscription.trial_will_end`."""
        subscription = self._backend.objects.get(self.kind, identifier)
        if subscription is not None and subscription["status"] == "trialing":
            self._backend.events.record("customer.subscription.trial_will_end", subscription)

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

    def _new(
        self,
        customer: Object,
        line_items: list[Object],
        data: dict[str, Any],
        method_types: list[str] | None,
    ) -> Object:
        now = self._backend.clock.now()
        identifier = new_id("sub")
        trial_end = end_of_trial(data, now)
        items = [
            _item(identifier, line, now, trial_end)
            for line in line_items
            if line["price"]["recurring"]
        ]
        at_its_end = data.get("trial_settings", {}).get("end_behavior", {})
        return build(
            self.kind,
            {
                "id": identifier,
                "object": self.kind,
                "automatic_tax": build("subscription.AutomaticTax", {"enabled": False}),
                "billing_cycle_anchor": trial_end or now,
                "billing_mode": build(
                    "subscription.BillingMode",
                    {"flexible": {"proration_discounts": "included"}, "type": "flexible"},
                ),
                "billing_schedules": [],
                "cancel_at_period_end": False,
                "cancellation_details": build("subscription.CancellationDetails", {}),
                "collection_method": "charge_automatically",
                "created": now,
                "currency": line_items[0]["currency"],
                "customer": customer["id"],
                "default_tax_rates": [],
                "description": data.get("description"),
                "discounts": [],
                "invoice_settings": build(
                    "subscription.InvoiceSettings",
                    {"issuer": build("subscription.InvoiceSettings.Issuer", {"type": "self"})},
                ),
                "items": list_object(f"{ITEMS_URL}?subscription={identifier}", items),
                "latest_invoice": new_id("in"),
                "livemode": False,
                "metadata": data.get("metadata", {}),
                "payment_settings": build(
                    "subscription.PaymentSettings",
                    {
                        "payment_method_types": method_types,
                        "save_default_payment_method": "off",
                    },
                ),
                "start_date": now,
                "status": "trialing" if trial_end else "incomplete",
                "test_clock": customer["test_clock"],
                "trial_settings": build(
                    "subscription.TrialSettings",
                    {
                        "end_behavior": build(
                            "subscription.TrialSettings.EndBehavior",
                            {
                                "missing_payment_method": at_its_end.get(
                                    "missing_payment_method", "create_invoice"
                                )
                            },
                        )
                    },
                ),
                "trial_end": trial_end,
                "trial_start": now if trial_end else None,
            },
        )

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


def end_of_trial(data: Mapping[str, Any], now: int) -> int | None:
    """When the trial ends that begins now, by `trial_end` or `trial_period_days`, in Unix seconds;
    None: there is none."""
    if "trial_period_days" in data:
        return now + int(data["trial_period_days"]) * DAY_SECONDS
    end: int | None = data.get("trial_end")
    return end


def _item(subscription: str, line: Object, now: int, trial_end: int | None) -> Object:
    price = line["price"]
    recurring = price["recurring"]
    end = trial_end or add_interval(now, recurring["interval"], recurring["interval_count"])
    return build(
        "subscription_item",
        {
            "id": new_id("si", 14),
            "object": "subscription_item",
            "created": now,
            "current_period_end": end,
            "current_period_start": now,
            "discounts": [],
            "metadata": line["metadata"] or {},
            "plan": plan_of(price),
            "price": price,
            "quantity": line["quantity"],
            "subscription": subscription,
            "tax_rates": [],
        },
    )
