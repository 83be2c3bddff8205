"""What a request changes of a running subscription: to cancel it now or later, to pause it, to let
it go on (https://docs.stripe.com/billing/subscriptions/cancel)."""

from __future__ import annotations

from typing import Any

from stripe.params._subscription_cancel_params import SubscriptionCancelParams
from stripe.params._subscription_pause_params import SubscriptionPauseParams
from stripe.params._subscription_resume_params import SubscriptionResumeParams
from stripe.params._subscription_update_params import SubscriptionUpdateParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import Call, RequestInfo, Route
from stripe_sandbox.backend import Backend
from stripe_sandbox.payments.subscriptions import items
from stripe_sandbox.payments.subscriptions.items import ItemChanges
from stripe_sandbox.resources.billing.subscriptions import ENDED, Subscriptions
from stripe_sandbox.scheduling.jobs import JobKind, ScheduledJobs
from stripe_sandbox.schema.objects import build, merge_metadata
from stripe_sandbox.storage.objects import Object

_REQUESTED = "cancellation_requested"
_DETAILS = ("cancellation_details.comment", "cancellation_details.feedback")
_UPDATE = (
    *("cancel_at", "cancel_at_period_end", *_DETAILS, "default_payment_method", "description"),
    *("metadata", "pause_collection.behavior", "pause_collection.resumes_at"),
    *items.PARAMETERS,
)
_AFTER_THE_END = {"cancellation_details", "metadata"}


class SubscriptionChanges:
    """The endpoints that change a subscription, and what they schedule."""

    def __init__(
        self,
        backend: Backend,
        jobs: ScheduledJobs,
        subscriptions: Subscriptions,
        items: ItemChanges,
    ) -> None:
        self._backend = backend
        self._jobs = jobs
        self._subscriptions = subscriptions
        self._items = items
        jobs.register(JobKind.SUBSCRIPTION_CANCELLATION, self._cancel_due)
        jobs.register(JobKind.COLLECTION_RESUMPTION, self._resume_collection)

    def routes(self) -> list[Route]:
        """The endpoints."""
        kind, path = self._subscriptions.kind, self._subscriptions.path
        return [
            Route("POST", path, self._update, SubscriptionUpdateParams, kind, _UPDATE),
            Route("DELETE", path, self._cancel, SubscriptionCancelParams, kind, _DETAILS),
            Route("POST", f"{path}/pause", self._pause, SubscriptionPauseParams, kind, ("type",)),
            Route("POST", f"{path}/resume", self._resume, SubscriptionResumeParams, kind),
        ]

    def end_later(self, subscription: Object, at: int, details: dict[str, Any]) -> None:
        """Let it end at that time, in Unix seconds; `details` are the customer's feedback and
        comment. Records `customer.subscription.updated`."""
        given = {**subscription["cancellation_details"], **details, "reason": _REQUESTED}
        now = self._backend.clock.now()
        changes = {"cancel_at": at, "canceled_at": now, "cancellation_details": given}
        self._subscriptions.change(subscription, changes)
        self._schedule(subscription)

    def end_now(self, subscription: Object, details: dict[str, Any]) -> None:
        """End it now. Records `customer.subscription.deleted`."""
        subscription["cancellation_details"].update(details)
        self._subscriptions.end(subscription, _REQUESTED)

    def keep(self, subscription: Object) -> None:
        """Let it go on, though it was to end later. Records `customer.subscription.updated`."""
        changes = self._end(subscription, {"cancel_at_period_end": False})
        self._subscriptions.change(subscription, changes)

    def _require(self, call: Call) -> Object:
        return self._backend.require("subscription", call.ids[0], "id", status=404)

    def _update(self, call: Call) -> Object:
        return self.update(self._require(call), call.params, call.request)

    def update(self, subscription: Object, params: dict[str, Any], request: RequestInfo) -> Object:
        """The subscription after an update; invoiced and collected at once where that is asked
        for. Records `customer.subscription.updated` if anything differs."""
        if subscription["status"] in ENDED and set(params) - _AFTER_THE_END:
            raise errors.invalid(
                "A canceled subscription can only update its cancellation_details and metadata.",
                code="invalid_canceled_subscription_fields",
            )
        changes: dict[str, Any] = {}
        if "metadata" in params:
            changes["metadata"] = merge_metadata(subscription["metadata"], params["metadata"])
        if "description" in params:
            changes["description"] = params["description"]
        if "default_payment_method" in params:
            changes["default_payment_method"] = self._method(params["default_payment_method"])
        if "pause_collection" in params:
            changes["pause_collection"] = self._paused(params["pause_collection"])
        if "items" in params:
            changes |= self._items.change(subscription, params, request)
        changes |= self._end(subscription, params)
        details: Object = (
            changes.get("cancellation_details") or subscription["cancellation_details"]
        )
        changes["cancellation_details"] = {**details, **(params.get("cancellation_details") or {})}
        self._subscriptions.change(subscription, changes, request)
        self._schedule(subscription)
        begins_anew = "billing_cycle_anchor" in changes
        always = "items" in params and params.get("proration_behavior") == "always_invoice"
        if begins_anew or always:
            self._items.invoice(subscription, begins_anew=begins_anew)
            return self._backend.require("subscription", subscription["id"], "id")
        return subscription

    def _method(self, given: str | None) -> str | None:
        if given:
            self._backend.require("payment_method", given, "default_payment_method")
        return given or None

    def _paused(self, given: dict[str, Any] | None) -> Object | None:
        """The `pause_collection`; None ends it."""
        return build("subscription.PauseCollection", given) if given else None

    def _end(self, subscription: Object, params: dict[str, Any]) -> dict[str, Any]:
        """What changes with the time at which it is to end."""
        if "cancel_at" in params and "cancel_at_period_end" in params:
            raise errors.invalid(
                "You may only specify one of these parameters: cancel_at, cancel_at_period_end."
            )
        if "cancel_at" in params:
            at, at_period_end = params["cancel_at"], False
            if isinstance(at, str):
                raise errors.not_simulated("cancel_at", f"cancel_at={at}")
            if at is not None and at <= self._backend.clock.now():
                raise errors.invalid("`cancel_at` must be in the future.", "cancel_at")
        elif "cancel_at_period_end" in params:
            at_period_end = params["cancel_at_period_end"]
            at = _period_end(subscription) if at_period_end else None
        else:
            return {}
        now = self._backend.clock.now() if at else None
        reason = _REQUESTED if at else None
        return {
            "cancel_at": at,
            "cancel_at_period_end": at_period_end,
            "canceled_at": now,
            "cancellation_details": {**subscription["cancellation_details"], "reason": reason},
        }

    def _schedule(self, subscription: Object) -> None:
        if subscription["cancel_at"] and not subscription["cancel_at_period_end"]:
            due = subscription["cancel_at"]
            self._jobs.add(due, JobKind.SUBSCRIPTION_CANCELLATION, subscription["id"])
        paused = subscription["pause_collection"]
        if paused and paused["resumes_at"]:
            due = paused["resumes_at"]
            self._jobs.add(due, JobKind.COLLECTION_RESUMPTION, subscription["id"])

    def _cancel_due(self, identifier: str) -> None:
        subscription = self._backend.objects.get("subscription", identifier)
        if subscription is None or subscription["status"] in ENDED:
            return
        at = subscription["cancel_at"]
        if at is not None and at <= self._backend.clock.time():
            self._subscriptions.end(subscription, _REQUESTED)

    def _resume_collection(self, identifier: str) -> None:
        subscription = self._backend.objects.get("subscription", identifier)
        paused = subscription and subscription["pause_collection"]
        if subscription is None or not paused or not paused["resumes_at"]:
            return
        if paused["resumes_at"] <= self._backend.clock.time():
            self._subscriptions.change(subscription, {"pause_collection": None})

    def _cancel(self, call: Call) -> Object:
        subscription = self._require(call)
        if subscription["status"] in ENDED:
            raise errors.no_such("subscription", subscription["id"], "id", 404)
        details = call.params.get("cancellation_details") or {}
        subscription["cancellation_details"].update(details)
        self._subscriptions.end(subscription, _REQUESTED, call.request)
        return subscription

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
        if _period_end(subscription) <= self._backend.clock.now():
            self._jobs.add(self._backend.clock.time(), JobKind.RENEWAL, subscription["id"])
        return subscription


def _period_end(subscription: Object) -> int:
    return int(subscription["items"]["data"][0]["current_period_end"])
