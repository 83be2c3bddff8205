"""Subscription items one by one (https://docs.stripe.com/api/subscription_items)."""

from __future__ import annotations

from stripe.params._subscription_item_retrieve_params import SubscriptionItemRetrieveParams
from stripe.params._subscription_item_update_params import SubscriptionItemUpdateParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import Call, Route
from stripe_sandbox.backend import Backend
from stripe_sandbox.payments.subscriptions.changes import SubscriptionChanges
from stripe_sandbox.resources.billing.subscriptions import ITEMS_URL
from stripe_sandbox.storage.objects import Object, Window

KIND = "subscription_item"
_OF_ITEM = ("metadata", "price", "quantity")
_OF_SUBSCRIPTION = ("proration_behavior", "proration_date")


class ItemEndpoints:
    """Shows an item, and changes it as an update of its subscription does."""

    def __init__(self, backend: Backend, changes: SubscriptionChanges) -> None:
        self._backend = backend
        self._changes = changes

    def routes(self) -> list[Route]:
        """The endpoints."""
        path, updates = f"{ITEMS_URL}/:item", (*_OF_ITEM, *_OF_SUBSCRIPTION)
        return [
            Route("GET", path, self._retrieve, SubscriptionItemRetrieveParams, KIND),
            Route("POST", path, self._update, SubscriptionItemUpdateParams, KIND, updates),
        ]

    def _retrieve(self, call: Call) -> Object:
        return _item(self._subscription(call), call.ids[0])

    def _update(self, call: Call) -> Object:
        params, identifier = call.params, call.ids[0]
        item = {name: params[name] for name in _OF_ITEM if name in params}
        others = {name: params[name] for name in _OF_SUBSCRIPTION if name in params}
        asked = {"items": [{"id": identifier, **item}], **others}
        changed = self._changes.update(self._subscription(call), asked, call.request)
        return _item(changed, identifier)

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
