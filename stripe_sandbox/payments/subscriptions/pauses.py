"""Pausing a subscription, or only the collection of its invoices, and resuming it
(https://docs.stripe.com/billing/subscriptions/pause)."""

from __future__ import annotations

from typing import Any

from stripe.params._subscription_pause_params import SubscriptionPauseParams
from stripe.params._subscription_resume_params import SubscriptionResumeParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import Call, Route
from stripe_sandbox.backend import Backend
from stripe_sandbox.resources.billing.subscriptions import Subscriptions
from stripe_sandbox.scheduling.jobs import JobKind, ScheduledJobs
from stripe_sandbox.schema.objects import build
from stripe_sandbox.storage.objects import Object

PARAMETERS = ("pause_collection.behavior", "pause_collection.resumes_at")


class SubscriptionPauses:
    """Pauses and resumes subscriptions and their collection."""

    def __init__(self, backend: Backend, jobs: ScheduledJobs, subscriptions: Subscriptions) -> None:
        self._backend = backend
        self._jobs = jobs
        self._subscriptions = subscriptions
        jobs.register(JobKind.COLLECTION_RESUMPTION, self._resume_collection)

    def routes(self) -> list[Route]:
        """The endpoints."""
        kind, path = self._subscriptions.kind, self._subscriptions.path
        return [
            Route("POST", f"{path}/pause", self._pause, SubscriptionPauseParams, kind, ("type",)),
            Route("POST", f"{path}/resume", self._resume, SubscriptionResumeParams, kind),
        ]

    def collection(self, given: dict[str, Any] | None) -> Object | None:
        """The `pause_collection` that an update asks for; None ends it."""
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
        """It goes on with the period it is in, or, where that is over, is renewed at once."""
        subscription = self._require(call)
        if subscription["status"] != "paused":
            raise errors.invalid("You can only resume a subscription if it is `paused`.")
        self._subscriptions.change(
            subscription, {"status": "active"}, call.request, "customer.subscription.resumed"
        )
        if subscription["items"]["data"][0]["current_period_end"] <= self._backend.clock.now():
            self._jobs.add(self._backend.clock.time(), JobKind.RENEWAL, subscription["id"])
        return subscription
