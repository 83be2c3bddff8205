"""What a request changes of a running subscription
(https://docs.stripe.com/api/subscriptions/update)."""

from __future__ import annotations

from typing import Any

from stripe.params._subscription_delete_discount_params import SubscriptionDeleteDiscountParams
from stripe.params._subscription_update_params import SubscriptionUpdateParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import Call, RequestInfo, Route
from stripe_sandbox.backend import Backend
from stripe_sandbox.payments.subscriptions import billing_settings, endings, items, pauses, periods
from stripe_sandbox.payments.subscriptions.change_invoices import (
    DEFAULT_BEHAVIOR,
    ChangeInvoices,
    check_behavior,
)
from stripe_sandbox.payments.subscriptions.endings import SubscriptionEndings
from stripe_sandbox.payments.subscriptions.items import ItemChanges, purchase_of
from stripe_sandbox.payments.subscriptions.pauses import SubscriptionPauses
from stripe_sandbox.payments.subscriptions.periods import begins_period
from stripe_sandbox.resources.billing.discounts import Discounts
from stripe_sandbox.resources.billing.subscriptions import ENDED, Subscriptions
from stripe_sandbox.schema.objects import merge_metadata
from stripe_sandbox.storage.objects import Object

_SAVES = "payment_settings.save_default_payment_method"
_AT_ITS_END = "trial_settings.end_behavior.missing_payment_method"
_UPDATE = (
    *("automatic_tax.enabled", "collection_method", "days_until_due"),
    *("cancel_at", "cancel_at_period_end", *endings.DETAILS, "default_payment_method"),
    *("description", "metadata", "payment_behavior", _SAVES, _AT_ITS_END),
    *(*items.DISCOUNTS, *items.PARAMETERS, *pauses.PARAMETERS, *periods.PARAMETERS),
)
_AFTER_THE_END = {"cancellation_details", "metadata"}
_OF_ITEMS = {"items", *("billing_cycle_anchor", "trial_end")}


class SubscriptionChanges:
    """Updates subscriptions, and invoices at once what is to be."""

    def __init__(
        self,
        backend: Backend,
        subscriptions: Subscriptions,
        items: ItemChanges,
        endings: SubscriptionEndings,
        pauses: SubscriptionPauses,
        discounts: Discounts,
        invoices: ChangeInvoices,
    ) -> None:
        self._backend = backend
        self._subscriptions = subscriptions
        self._items = items
        self._endings = endings
        self._pauses = pauses
        self._discounts = discounts
        self._invoices = invoices

    def routes(self) -> list[Route]:
        """The endpoints."""
        kind, path = self._subscriptions.kind, self._subscriptions.path
        delete = SubscriptionDeleteDiscountParams
        return [
            Route("POST", path, self._update, SubscriptionUpdateParams, kind, _UPDATE),
            Route("DELETE", f"{path}/discount", self._delete_discount, delete, "discount"),
        ]

    def _require(self, call: Call) -> Object:
        return self._backend.require("subscription", call.ids[0], "id", status=404)

    def _update(self, call: Call) -> Object:
        return self.update(self._require(call), call.params, call.request)

    def update(self, subscription: Object, params: dict[str, Any], request: RequestInfo) -> Object:
        """The subscription after an update; invoiced and collected at once where that is asked
        for, or where its period begins anew. Records `customer.subscription.updated` if anything
        differs, after the events of its prorations and discounts."""
        if subscription["status"] in ENDED and set(params) - _AFTER_THE_END:
            raise errors.invalid(
                "A canceled subscription can only update its cancellation_details and metadata.",
                code="invalid_canceled_subscription_fields",
            )
        behavior = params.get("payment_behavior", DEFAULT_BEHAVIOR)
        check_behavior(behavior)
        if params.get("trial_end") == "now" and self._ends_with_trial(subscription, request):
            return subscription
        billing_settings.check(params, subscription)
        changes = {**self._own(subscription, params), **billing_settings.changes(params)}
        if "discounts" in params:
            changes["discounts"] = self._discounted(subscription, params, request)
        if _OF_ITEMS & params.keys():
            changes |= self._items.change({**subscription, **changes}, params, request)
        changes |= self._endings.changes(subscription, params, request)
        details: Object = (
            changes.get("cancellation_details") or subscription["cancellation_details"]
        )
        changes["cancellation_details"] = {**details, **(params.get("cancellation_details") or {})}
        self._subscriptions.change(subscription, changes, request)
        self._endings.schedule(subscription)
        self._pauses.schedule(subscription)
        if "billing_cycle_anchor" in changes:
            self._subscriptions.schedule_period(subscription)
        self._invoice(subscription, params, changes, behavior)
        return self._backend.require("subscription", subscription["id"], "id")

    def _own(self, subscription: Object, params: dict[str, Any]) -> Object:
        """What changes of the subscription's own fields."""
        changes: Object = {}
        if "metadata" in params:
            changes["metadata"] = merge_metadata(subscription["metadata"], params["metadata"])
        if "description" in params:
            changes["description"] = params["description"]
        if "default_payment_method" in params:
            method = params["default_payment_method"] or None
            if method:
                self._backend.require("payment_method", method, "default_payment_method")
            changes["default_payment_method"] = method
        if "pause_collection" in params:
            changes["pause_collection"] = self._pauses.collection(params["pause_collection"])
        if "payment_settings" in params:
            settings = subscription["payment_settings"]
            changes["payment_settings"] = {**settings, **params["payment_settings"]}
        if "trial_settings" in params:
            settings = subscription["trial_settings"]
            behavior = {**settings["end_behavior"], **params["trial_settings"]["end_behavior"]}
            changes["trial_settings"] = {**settings, "end_behavior": behavior}
        return changes

    def _ends_with_trial(self, subscription: Object, request: RequestInfo) -> bool:
        if subscription["status"] != "trialing":
            return False
        customer = self._backend.require("customer", subscription["customer"], "customer")
        return self._subscriptions.ends_with_trial(subscription, customer, request)

    def _discounted(
        self, subscription: Object, params: dict[str, Any], request: RequestInfo
    ) -> list[str]:
        held: list[str] = subscription["discounts"]
        purchase = purchase_of(subscription["customer"], subscription["items"]["data"])
        wanted = self._discounts.requested(params["discounts"], purchase, "discounts", held)
        return self._discounts.replace(subscription, held, wanted, request)

    def _invoice(
        self, subscription: Object, params: dict[str, Any], changes: Object, behavior: str
    ) -> None:
        begins_anew = begins_period(changes)
        if begins_anew or params.get("proration_behavior") == "always_invoice":
            self._invoices.create(subscription, begins_anew=begins_anew, behavior=behavior)

    def _delete_discount(self, call: Call) -> Object:
        """Records `customer.discount.deleted` and `customer.subscription.updated`."""
        subscription = self._require(call)
        if not subscription["discounts"]:
            raise errors.StripeError(
                f"No active discount for subscription: {subscription['id']}",
                status=404,
                code="resource_missing",
            )
        first = self._discounts.applied(subscription["discounts"][0]).discount
        self._discounts.replace(subscription, subscription["discounts"], [], call.request)
        self._subscriptions.change(subscription, {"discounts": []}, call.request)
        return {**first, "deleted": True}
