"""Ending a subscription now or later, by a request, by the customer or when its time has come
(https://docs.stripe.com/billing/subscriptions/cancel)."""

from __future__ import annotations

from typing import Any

from stripe.params._subscription_cancel_params import SubscriptionCancelParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import NO_REQUEST, Call, RequestInfo, Route
from stripe_sandbox.backend import Backend
from stripe_sandbox.payments.subscriptions.change_invoices import ChangeInvoices
from stripe_sandbox.payments.subscriptions.prorations import Prorations
from stripe_sandbox.resources.billing.subscriptions import ENDED, Subscriptions
from stripe_sandbox.scheduling.jobs import JobKind, ScheduledJobs
from stripe_sandbox.storage.objects import Object

DETAILS = ("cancellation_details.comment", "cancellation_details.feedback")
_REQUESTED = "cancellation_requested"
_ENDS = ("cancel_at", "cancel_at_period_end")
_NOT_PAST = "`cancel_at` must be in the future."
_CANCEL = (*DETAILS, "invoice_now", "prorate")


class SubscriptionEndings:
    """Ends subscriptions, or lets them go on."""

    def __init__(
        self,
        backend: Backend,
        jobs: ScheduledJobs,
        subscriptions: Subscriptions,
        prorations: Prorations,
        invoices: ChangeInvoices,
    ) -> None:
        self._backend = backend
        self._jobs = jobs
        self._subscriptions = subscriptions
        self._prorations = prorations
        self._invoices = invoices
        jobs.register(JobKind.SUBSCRIPTION_CANCELLATION, self._cancel_due)

    def routes(self) -> list[Route]:
        """The endpoint."""
        kind, path = self._subscriptions.kind, self._subscriptions.path
        return [Route("DELETE", path, self._cancel, SubscriptionCancelParams, kind, _CANCEL)]

    def end_later(self, subscription: Object, at: int, details: dict[str, Any]) -> None:
        """Let it end at that time, in Unix seconds; `details` are the customer's feedback and
        comment. Records `customer.subscription.updated`."""
        given = {**subscription["cancellation_details"], **details, "reason": _REQUESTED}
        now = self._backend.clock.now()
        changes = {"cancel_at": at, "canceled_at": now, "cancellation_details": given}
        self._subscriptions.change(subscription, changes)
        self.schedule(subscription)

    def end_now(self, subscription: Object, details: dict[str, Any]) -> None:
        """End it now. Records `customer.subscription.deleted`."""
        subscription["cancellation_details"].update(details)
        self._subscriptions.end(subscription, _REQUESTED)

    def keep(self, subscription: Object) -> None:
        """Let it go on, though it was to end later. Records `customer.subscription.updated`."""
        changes = self.changes(subscription, {"cancel_at_period_end": False}, NO_REQUEST)
        self._subscriptions.change(subscription, changes)

    def changes(self, subscription: Object, params: dict[str, Any], request: RequestInfo) -> Object:
        """What an update's `cancel_at` or `cancel_at_period_end` changes of the subscription, which
        the caller stores. An end within the period is prorated, unless `proration_behavior` says
        otherwise. StripeError: the parameters make no sense."""
        errors.check_exclusive(params, *_ENDS)
        if "cancel_at" in params:
            at, at_period_end = self._moment(subscription, params["cancel_at"]), False
        elif "cancel_at_period_end" in params:
            at_period_end = params["cancel_at_period_end"]
            at = _period_end(subscription) if at_period_end else None
        else:
            return {}
        if "cancel_at" in params and params.get("proration_behavior") != "none":
            self._prorate(subscription, at, request)
        now = self._backend.clock.now() if at else None
        reason = _REQUESTED if at else None
        return {
            "cancel_at": at,
            "cancel_at_period_end": at_period_end,
            "canceled_at": now,
            "cancellation_details": {**subscription["cancellation_details"], "reason": reason},
        }

    def check_new(self, params: dict[str, Any]) -> None:
        """Raise a StripeError unless a new subscription may end as its parameters say."""
        errors.check_exclusive(params, *_ENDS)
        given = params.get("cancel_at")
        if given == "max_billed_until":
            raise errors.not_simulated("cancel_at", f"cancel_at={given}")
        if isinstance(given, int) and given <= self._backend.clock.now():
            raise errors.invalid(_NOT_PAST, "cancel_at")

    def _moment(self, subscription: Object, given: int | str | None) -> int | None:
        if given in ("max_period_end", "min_period_end"):  # all items have the same period
            return _period_end(subscription)
        if isinstance(given, str):
            raise errors.not_simulated("cancel_at", f"cancel_at={given}")
        if given is not None and given <= self._backend.clock.now():
            raise errors.invalid(_NOT_PAST, "cancel_at")
        return given

    def _prorate(self, subscription: Object, at: int | None, request: RequestInfo) -> None:
        """Give back the part of the period after the new end, or charge what the former end had
        given back."""
        if subscription["status"] == "trialing":
            return
        end = _period_end(subscription)
        before = min(subscription["cancel_at"] or end, end)
        after = min(at or end, end)
        for item in subscription["items"]["data"]:
            if after < before:
                self._prorations.credit(subscription, item, after, before, request)
            elif before < after:
                self._prorations.charge(subscription, item, before, after, request)

    def schedule(self, subscription: Object) -> None:
        """Have the stored subscription end at its `cancel_at`."""
        if subscription["cancel_at"] and not subscription["cancel_at_period_end"]:
            due = subscription["cancel_at"]
            self._jobs.add(due, JobKind.SUBSCRIPTION_CANCELLATION, subscription["id"])

    def _cancel_due(self, identifier: str) -> None:
        subscription = self._backend.objects.get("subscription", identifier)
        if subscription is None or subscription["status"] in ENDED:
            return
        at = subscription["cancel_at"]
        if at is not None and at <= self._backend.clock.time():
            self._subscriptions.end(subscription, _REQUESTED)

    def _cancel(self, call: Call) -> Object:
        """`prorate` gives back what stays unused, on the invoice that `invoice_now` makes."""
        subscription = self._backend.require("subscription", call.ids[0], "id", status=404)
        if subscription["status"] in ENDED:
            raise errors.no_such("subscription", subscription["id"], "id", 404)
        now, end = self._backend.clock.now(), _period_end(subscription)
        if call.params.get("prorate") and subscription["status"] != "trialing" and now < end:
            for item in subscription["items"]["data"]:
                self._prorations.credit(subscription, item, now, end, call.request)
        if call.params.get("invoice_now"):
            self._invoices.create(subscription)
            subscription = self._backend.require("subscription", subscription["id"], "id")
        details = call.params.get("cancellation_details") or {}
        subscription["cancellation_details"].update(details)
        self._subscriptions.end(subscription, _REQUESTED, call.request)
        return subscription


def _period_end(subscription: Object) -> int:
    return int(subscription["items"]["data"][0]["current_period_end"])
