"""Subscriptions at the end of their period (https://docs.stripe.com/billing/subscriptions/overview):
the next period begins, and its invoice is a draft for an hour."""

from __future__ import annotations

from stripe_sandbox.backend import Backend
from stripe_sandbox.payments.invoices.invoice_collection import DRAFT_SECONDS
from stripe_sandbox.resources.billing.billing_cycle import next_period_end
from stripe_sandbox.resources.billing.invoice_drafts import InvoiceDrafts
from stripe_sandbox.resources.billing.subscriptions import ENDED, NOTICE_SECONDS, Subscriptions
from stripe_sandbox.scheduling.jobs import JobKind, ScheduledJobs
from stripe_sandbox.storage.objects import Object


class Renewals:
    """Renews subscriptions, or ends those that were to end with their period."""

    def __init__(
        self,
        backend: Backend,
        jobs: ScheduledJobs,
        subscriptions: Subscriptions,
        drafts: InvoiceDrafts,
    ) -> None:
        self._backend = backend
        self._jobs = jobs
        self._subscriptions = subscriptions
        self._drafts = drafts
        jobs.register(JobKind.RENEWAL, self._renew)
        jobs.register(JobKind.RENEWAL_NOTICE, self._announce)

    def _announce(self, identifier: str) -> None:
        """Record `invoice.upcoming`, with the invoice as it would be, unless none will come."""
        subscription = self._backend.objects.get("subscription", identifier)
        if subscription is None or subscription["status"] not in ("active", "past_due", "trialing"):
            return
        end = subscription["items"]["data"][0]["current_period_end"]
        until_due = end - self._backend.clock.now()
        ends = subscription["cancel_at"] is not None and subscription["cancel_at"] <= end
        if ends or not 0 < until_due <= NOTICE_SECONDS:
            return
        customer = self._backend.require("customer", subscription["customer"], "customer")
        items = [renewed(item, subscription, end) for item in subscription["items"]["data"]]
        self._drafts.announce(subscription, customer, items, end, end + DRAFT_SECONDS)

    def _renew(self, identifier: str) -> None:
        subscription = self._backend.objects.get("subscription", identifier)
        if subscription is None or subscription["status"] in (*ENDED, "paused"):
            return
        now = self._backend.clock.now()
        if subscription["cancel_at"] is not None and subscription["cancel_at"] <= now:
            self._subscriptions.end(subscription, "cancellation_requested")
            return
        if subscription["items"]["data"][0]["current_period_end"] > now:
            return  # the period has begun anew since this was scheduled
        customer = self._backend.require("customer", subscription["customer"], "customer")
        if self._subscriptions.ends_with_trial(subscription, customer):
            return
        items = [renewed(item, subscription, now) for item in subscription["items"]["data"]]
        paused = subscription["pause_collection"]
        stays_draft = subscription["status"] == "unpaid" or (
            paused is not None and paused["behavior"] == "keep_as_draft"
        )
        finalizes_at = None if stays_draft else now + DRAFT_SECONDS
        invoice = self._drafts.create_renewal(subscription, customer, items, finalizes_at)
        former = subscription["items"]["data"]  # the invoice has used discounts up
        items = [
            {**item, "discounts": own["discounts"]} for item, own in zip(items, former, strict=True)
        ]
        listed = {**subscription["items"], "data": items}
        changes: Object = {"items": listed, "latest_invoice": invoice["id"]}
        if subscription["status"] == "trialing":
            changes["status"] = "active"
        self._subscriptions.change(subscription, changes)
        self._subscriptions.schedule_renewal(identifier, items[0]["current_period_end"])
        if finalizes_at is not None:
            self._jobs.add(finalizes_at, JobKind.INVOICE_FINALIZATION, invoice["id"])


def renewed(item: Object, subscription: Object, now: int) -> Object:
    """The item in its next period, or, after a pause, in the one that the present lies in."""
    recurring = item["price"]["recurring"]
    anchor = subscription["billing_cycle_anchor"]
    start, end = item["current_period_start"], item["current_period_end"]
    while end <= now:
        start = end
        end = next_period_end(anchor, start, recurring["interval"], recurring["interval_count"])
    return {**item, "current_period_end": end, "current_period_start": start}
