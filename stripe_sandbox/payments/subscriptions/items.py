"""Changing what a subscription is for (https://docs.stripe.com/billing/subscriptions/change)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import RequestInfo
from stripe_sandbox.backend import Backend
from stripe_sandbox.payments.subscriptions import item_prices
from stripe_sandbox.payments.subscriptions.item_prices import ItemPrices
from stripe_sandbox.payments.subscriptions.periods import NewPeriod, new_period
from stripe_sandbox.payments.subscriptions.prorations import Prorations
from stripe_sandbox.resources.billing.discounts import Discounts
from stripe_sandbox.resources.billing.subscription_object import MAXIMUM_OF_ITEMS, new_item
from stripe_sandbox.resources.catalog.redemptions import Purchase
from stripe_sandbox.schema.objects import merge_metadata
from stripe_sandbox.schema.plans import plan_of
from stripe_sandbox.storage.objects import Object
from stripe_sandbox.validation import check_quantity

DISCOUNTS = ("discounts.coupon", "discounts.discount", "discounts.promotion_code")
OF_ITEM = ("metadata", *item_prices.PARAMETERS, "quantity", *DISCOUNTS)
PARAMETERS = (
    *("items.id", "items.deleted", *(f"items.{name}" for name in OF_ITEM)),
    *("proration_behavior", "proration_date"),
)
"""The parameters of an update that this module acts on."""


class ItemChanges:
    """Adds, changes and removes the items of a subscription, and prorates that."""

    def __init__(
        self, backend: Backend, prices: ItemPrices, prorations: Prorations, discounts: Discounts
    ) -> None:
        self._backend = backend
        self._prices = prices
        self._prorations = prorations
        self._discounts = discounts

    def change(self, subscription: Object, params: dict[str, Any], request: RequestInfo) -> Object:
        """What the update changes of the subscription, which the caller stores: its `items` and,
        where a period begins anew or a trial ends otherwise, its `billing_cycle_anchor` and what
        says so. Creates the prorations, and begins and ends the items' discounts. StripeError: the
        update is wrong."""
        listed = subscription["items"]
        former = {item["id"]: item for item in listed["data"]}
        items = self._changed(subscription, former, params, request)
        period = new_period(subscription, list(items.values()), params, self._backend.clock.now())
        if period is not None:
            for identifier, item in items.items():
                items[identifier] = {
                    **item,
                    "current_period_end": period.end,
                    "current_period_start": period.start,
                }
        if params.get("proration_behavior") != "none" and subscription["status"] != "trialing":
            self._prorate(subscription, former, items, params, request, period)
        changes: Object = {"items": {**listed, "data": list(items.values())}}
        if period is not None:
            changes |= period.changes(subscription)
        return changes

    def _changed(
        self,
        subscription: Object,
        former: dict[str, Object],
        params: dict[str, Any],
        request: RequestInfo,
    ) -> dict[str, Object]:
        """The items after the update, by id."""
        items = dict(former)
        for index, given in enumerate(params.get("items", ())):
            path = f"items[{index}]"
            if "id" not in given:
                item = self._new(subscription, given, path, request)
            elif given["id"] not in items:
                raise errors.no_such("subscription_item", given["id"], f"{path}[id]")
            elif given.get("deleted"):
                self._discounts.replace(
                    subscription, items[given["id"]]["discounts"], [], request, given["id"]
                )
                del items[given["id"]]
                continue
            else:
                item = self._updated(items[given["id"]], given, path, request)
            if "discounts" in given:
                item["discounts"] = self._discounted(subscription, item, given, path, request)
            items[item["id"]] = item
        if not items:
            raise errors.invalid(
                "A subscription must have at least one active plan. To cancel the subscription, "
                "please use the cancel subscription endpoint.",
                "items",
            )
        check_items(items.values())
        return items

    def _new(
        self, subscription: Object, given: dict[str, Any], path: str, request: RequestInfo
    ) -> Object:
        others: list[Object] = subscription["items"]["data"]
        price = self._price(given, others[0], path, request)
        check_unique(price["id"], [item["price"]["id"] for item in others], path)
        line = {
            "metadata": given.get("metadata") or {},
            "price": price,
            "quantity": given.get("quantity", 1),
        }
        start, end = others[0]["current_period_start"], others[0]["current_period_end"]
        return new_item(subscription["id"], line, self._backend.clock.now(), (start, end))

    def _updated(
        self, former: Object, given: dict[str, Any], path: str, request: RequestInfo
    ) -> Object:
        item = dict(former)
        named = given.get("price", former["price"]["id"])
        if "price_data" in given or named != former["price"]["id"]:
            price = self._price(given, former, path, request)
            item.update(plan=plan_of(price), price=price, quantity=1)
        if "quantity" in given:
            check_quantity(given, path)
            item["quantity"] = given["quantity"]
        if "metadata" in given:
            item["metadata"] = merge_metadata(former["metadata"], given["metadata"])
        return item

    def _discounted(
        self,
        subscription: Object,
        item: Object,
        given: dict[str, Any],
        path: str,
        request: RequestInfo,
    ) -> list[str]:
        held: list[str] = item["discounts"]
        purchase = purchase_of(subscription["customer"], [item])
        wanted = self._discounts.requested(given["discounts"], purchase, f"{path}[discounts]", held)
        return self._discounts.replace(subscription, held, wanted, request, item["id"])

    def _price(
        self, given: dict[str, Any], former: Object, path: str, request: RequestInfo
    ) -> Object:
        """The Price that the request gives, in the currency of the former item."""
        return self._prices.recurring(given, path, request, former["price"]["currency"])

    def _prorate(
        self,
        subscription: Object,
        former: dict[str, Object],
        items: dict[str, Object],
        params: dict[str, Any],
        request: RequestInfo,
        period: NewPeriod | None,
    ) -> None:
        """Give back what stays unused of the items as they were, and charge the rest of the period
        as they are now; a period that begins anew is charged whole."""
        [first, *_] = former.values()
        start, end = first["current_period_start"], first["current_period_end"]
        date = params.get("proration_date", self._backend.clock.now())
        if not start <= date <= end:
            raise errors.invalid(
                "`proration_date` must lie within the current period of the subscription.",
                "proration_date",
            )
        for identifier in {**former, **items}:
            before, after = former.get(identifier), items.get(identifier)
            if period is None and before and after and _costs_same(before, after):
                continue
            if before is not None:
                self._prorations.credit(subscription, before, date, end, request)
            if after is not None and period is None:
                self._prorations.charge(subscription, after, date, end, request)


def purchase_of(customer: str, items: list[Object]) -> Purchase:
    """What discounts of the items are redeemed for."""
    return Purchase(
        customer,
        sum(item["price"]["unit_amount"] * item["quantity"] for item in items),
        items[0]["price"]["currency"],
        frozenset(item["price"]["product"] for item in items),
    )


def interval_of(item: Object) -> tuple[str, int]:
    """The interval at which the item is charged, and how many of them make its period."""
    recurring = item["price"]["recurring"]
    return recurring["interval"], recurring["interval_count"]


def _costs_same(item: Object, other: Object) -> bool:
    same = item["price"]["id"] == other["price"]["id"]
    return bool(same and item["quantity"] == other["quantity"])


def check_items(items: Collection[Object]) -> None:
    """Raise a StripeError unless one subscription can have all of the items, or lines."""
    if len(items) > MAXIMUM_OF_ITEMS:
        raise errors.invalid(f"A subscription can have at most {MAXIMUM_OF_ITEMS} items.", "items")
    if len({interval_of(item) for item in items}) > 1:
        raise errors.invalid(
            "All prices on a subscription must have the same `recurring.interval` and "
            "`recurring.interval_count`.",
            "items",
        )


def check_unique(price: str, others: Iterable[str], path: str) -> None:
    """Raise a StripeError if the Price of the item at `path` is one of the other items'."""
    if price in others:
        raise errors.invalid(
            f"Cannot add multiple subscription items with the same plan: {price}", f"{path}[price]"
        )
