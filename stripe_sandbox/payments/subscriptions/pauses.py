"""Pausing a subscription, or only the collection of its invoices, and resuming it
(https://docs.stripe.com/billing/subscriptions/pause)."""

from __future__ import annotations

from typing import Any

from stripe.params._subscription_pause_params import SubscriptionPauseParams
from stripe.params._subscription_resume_params import SubscriptionResumeParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import Call, Route
from stripe_sandbox.backend import Backend
from stripe_sandbox.payments.subscriptions.change_invoices import ChangeInvoices
from stripe_sandbox.resources.billing.billing_cycle import add_interval
from stripe_sandbox.resources.billing.subscriptions import Subscriptions
from stripe_sandbox.scheduling.jobs import JobKind, ScheduledJobs
from stripe_sandbox.schema.objects import build
from stripe_sandbox.storage.objects import Object
from stripe_sandbox.validation import check_future

_RESUME = ("billing_cycle_anchor.type",)
PARAMETERS = ("pause_collection.behavior", "pause_collection.resumes_at")


class SubscriptionPauses:
    """Pauses and resumes subscriptions and their collection."""

    def __init__(
        self,
        backend: Backend,
        jobs: ScheduledJobs,
        subscriptions: Subscriptions,
        invoices: ChangeInvoices,
    ) -> None:
        self._backend = backend
        self._jobs = jobs
        self._subscriptions = subscriptions
        self._invoices = invoices
        jobs.register(JobKind.COLLECTION_RESUMPTION, self._resume_collection)

    def routes(self) -> list[Route]:
        """The endpoints."""
        kind, path = self._subscriptions.kind, self._subscriptions.path
        return [
            Route("POST", f"{path}/pause", self._pause, SubscriptionPauseParams, kind, ("type",)),
            Route("POST", f"{path}/resume", self._resume, SubscriptionResumeParams, kind, _RESUME),
        ]

    def collection(self, given: dict[str, Any] | None) -> Object | None:
        """The `pause_collection` that an update asks for; None ends it. StripeError: it would have
        ended already."""
        try:
            check_future(given or {}, "resumes_at", self._backend.clock.now())
        except errors.StripeError as error:
            error.nest("pause_collection")
            raise
        return build("subscription.PauseCollection", given) if given else None

    def schedule(self, subscription: Object) -> None:
        """Have the collection of the stored subscription resumed when it says so."""
        paused = subscription["pause_collection"]
        if paused and paused["resumes_at"]:
            due = paused["resumes_at"]
            self._jobs.add(due, JobKind.COLLECTION_RESUMPTION, subscription["id"])

    def _resume_collection(self, identifier: str) -> None:
        subscription = self._backend.objects.get("subscription", identifier)
        paused = subscription and subscription["pause_collection"]
        if subscription is None or not paused or not paused["resumes_at"]:
            return
        if paused["resumes_at"] <= self._backend.clock.time():
            self._subscriptions.change(subscription, {"pause_collection": None})

    def _require(self, call: Call) -> Object:
        return self._backend.require("subscription", call.ids[0], "id", status=404)

    def _pause(self, call: Call) -> Object:
        subscription = self._require(call)
        if subscription["status"] != "active":
            raise errors.invalid("You can only pause a subscription if it is `active`.")
        self._subscriptions.change(
            subscription, {"status": "paused"}, call.request, "customer.subscription.paused"
        )
        return subscription

    def _resume(self, call: Call) -> Object:
        """Its period begins anew, and is charged at once, or, where the anchor is `unchanged`, it
        goes on with the period that it is in; if that is over, it is renewed at once."""
        subscription, now = self._require(call), self._backend.clock.now()
        if subscription["status"] != "paused":
            raise errors.invalid("You can only resume a subscription if it is `paused`.")
        anew = call.params.get("billing_cycle_anchor", {}).get("type", "now") == "now"
        changes: Object = {"status": "active"}
        if anew:
            changes |= self._period(subscription, now)
        self._subscriptions.change(
            subscription, changes, call.request, "customer.subscription.resumed"
        )
        if anew:
            self._subscriptions.schedule_period(subscription)
            self._invoices.create(subscription, begins_anew=True)
        elif subscription["items"]["data"][0]["current_period_end"] <= now:
            self._jobs.add(self._backend.clock.time(), JobKind.RENEWAL, subscription["id"])
        return self._require(call)

    def _period(self, subscription: Object, now: int) -> Object:
        """What changes with a period that begins now."""
        listed = subscription["items"]
        recurring = listed["data"][0]["price"]["recurring"]
        end = add_interval(now, recurring["interval"], recurring["interval_count"])
        items = [
            {**item, "current_period_end": end, "current_period_start": now}
            for item in listed["data"]
        ]
        return {"billing_cycle_anchor": now, "items": {**listed, "data": items}}
