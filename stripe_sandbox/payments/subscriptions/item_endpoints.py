"""Subscription items one by one (https://docs.stripe.com/api/subscription_items)."""

from __future__ import annotations

from typing import Any

from stripe.params._subscription_item_create_params import SubscriptionItemCreateParams
from stripe.params._subscription_item_delete_params import SubscriptionItemDeleteParams
from stripe.params._subscription_item_retrieve_params import SubscriptionItemRetrieveParams
from stripe.params._subscription_item_update_params import SubscriptionItemUpdateParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import Call, Route
from stripe_sandbox.api.pagination import pick
from stripe_sandbox.backend import Backend
from stripe_sandbox.payments.subscriptions.changes import SubscriptionChanges
from stripe_sandbox.payments.subscriptions.items import OF_ITEM
from stripe_sandbox.resources.billing.subscription_object import ITEMS_URL
from stripe_sandbox.schema.objects import deleted_object
from stripe_sandbox.storage.objects import Object, Window

KIND = "subscription_item"
_PRORATION = ("proration_behavior", "proration_date")
_OF_SUBSCRIPTION = (*_PRORATION, "payment_behavior")


class ItemEndpoints:
    """Shows, adds, changes and removes an item, as an update of its subscription does."""

    def __init__(self, backend: Backend, changes: SubscriptionChanges) -> None:
        self._backend = backend
        self._changes = changes

    def routes(self) -> list[Route]:
        """The endpoints."""
        path, updates = f"{ITEMS_URL}/:item", (*OF_ITEM, *_OF_SUBSCRIPTION)
        create, delete = SubscriptionItemCreateParams, SubscriptionItemDeleteParams
        creates = ("subscription", *updates)
        return [
            Route("POST", ITEMS_URL, self._create, create, KIND, creates),
            Route("GET", path, self._retrieve, SubscriptionItemRetrieveParams, KIND),
            Route("POST", path, self._update, SubscriptionItemUpdateParams, KIND, updates),
            Route("DELETE", path, self._delete, delete, KIND, _PRORATION),
        ]

    def _create(self, call: Call) -> Object:
        named = call.params["subscription"]
        subscription = self._backend.require("subscription", named, "subscription")
        known = {item["id"] for item in subscription["items"]["data"]}
        changed = self._change(subscription, {}, call)
        items: list[Object] = changed["items"]["data"]
        return next(item for item in items if item["id"] not in known)

    def _retrieve(self, call: Call) -> Object:
        return _item(self._subscription(call), call.ids[0])

    def _update(self, call: Call) -> Object:
        identifier = call.ids[0]
        changed = self._change(self._subscription(call), {"id": identifier}, call)
        return _item(changed, identifier)

    def _delete(self, call: Call) -> Object:
        identifier, subscription = call.ids[0], self._subscription(call)
        item = _item(subscription, identifier)
        self._change(subscription, {"id": identifier, "deleted": True}, call)
        return deleted_object(item)

    def _change(self, subscription: Object, item: dict[str, Any], call: Call) -> Object:
        """The subscription after the change of the item."""
        names = [path.partition(".")[0] for path in OF_ITEM]
        given = {**item, **pick(call.params, *names)}
        asked = {"items": [given], **pick(call.params, *_OF_SUBSCRIPTION)}
        try:
            return self._changes.update(subscription, asked, call.request)
        except errors.StripeError as error:
            error.reword({f"items[0][{name}]": name for name in names})
            raise

    def _subscription(self, call: Call) -> Object:
        """The subscription whose item the path names. StripeError 404: there is none."""
        filters = {"item": call.ids[0]}
        found = self._backend.page("subscription", ITEMS_URL, filters, Window(1)).to_object()
        if not found["data"]:
            raise errors.no_such(KIND, call.ids[0], "item", 404)
        subscription: Object = found["data"][0]
        return subscription


def _item(subscription: Object, identifier: str) -> Object:
    items: list[Object] = subscription["items"]["data"]
    return next(item for item in items if item["id"] == identifier)
