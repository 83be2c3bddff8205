"""Changing what a subscription is for, with prorations to the second
(https://docs.stripe.com/billing/subscriptions/prorations)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import RequestInfo
from stripe_sandbox.backend import Backend
from stripe_sandbox.payments.invoice_collection import InvoiceCollection
from stripe_sandbox.resources.invoice_drafts import InvoiceDrafts
from stripe_sandbox.resources.invoice_items import InvoiceItems
from stripe_sandbox.resources.subscriptions import Subscriptions, plan_of
from stripe_sandbox.schema.objects import merge_metadata
from stripe_sandbox.storage.objects import Object

PARAMETERS = (
    *("items.id", "items.metadata", "items.price", "items.quantity"),
    *("proration_behavior", "proration_date"),
)
"""The parameters of an update that this module acts on."""


class ItemChanges:
    """Changes the quantities and prices of a subscription's items."""

    def __init__(
        self,
        backend: Backend,
        subscriptions: Subscriptions,
        drafts: InvoiceDrafts,
        invoice_items: InvoiceItems,
        collection: InvoiceCollection,
    ) -> None:
        self._backend = backend
        self._subscriptions = subscriptions
        self._drafts = drafts
        self._invoice_items = invoice_items
        self._collection = collection

    def change(self, subscription: Object, params: dict[str, Any], request: RequestInfo) -> Object:
        """The subscription's `items` after the update, which the caller stores. Creates the
        prorations; records `invoiceitem.created` for each. StripeError: the update is wrong."""
        listed = subscription["items"]
        items = {item["id"]: item for item in listed["data"]}
        for index, given in enumerate(params["items"]):
            path = f"items[{index}]"
            if "id" not in given:
                raise errors.not_simulated(f"{path}[id]", "a further item of a subscription")
            former = items.get(given["id"])
            if former is None:
                raise errors.no_such("subscription_item", given["id"], f"{path}[id]")
            changed = self._changed(former, given, path)
            if params.get("proration_behavior") != "none":
                self._prorate(subscription, former, changed, params, request)
            items[given["id"]] = changed
        return {**listed, "data": list(items.values())}

    def invoice(self, subscription: Object) -> None:
        """Invoice what is pending, and collect it now."""
        pending = self._invoice_items.pending(subscription)
        if not pending:
            return
        customer = self._backend.require("customer", subscription["customer"], "customer")
        invoice = self._drafts.create_update(subscription, customer, pending)
        self._subscriptions.change(subscription, {"latest_invoice": invoice["id"]})
        self._collection.finalize(invoice)
        if invoice["status"] == "open":
            self._collection.collect(invoice)

    def _changed(self, former: Object, given: dict[str, Any], path: str) -> Object:
        item = dict(former)
        if "price" in given and given["price"] != former["price"]["id"]:
            price = self._backend.require("price", given["price"], f"{path}[price]")
            self._check_price(price, former["price"], f"{path}[price]")
            item.update(plan=plan_of(price), price=price, quantity=1)
        if "quantity" in given:
            item["quantity"] = given["quantity"]
        if "metadata" in given:
            item["metadata"] = merge_metadata(former["metadata"], given["metadata"])
        return item

    def _check_price(self, price: Object, former: Object, param: str) -> None:
        if not price["recurring"]:
            raise errors.invalid(
                "The price specified is set to `type=one_time` but this field only accepts prices "
                "with `type=recurring`.",
                param,
            )
        if price["currency"] != former["currency"]:
            raise errors.invalid(
                "The price specified only supports "
                f"`{price['currency']}`. This doesn't match the expected currency: "
                f"`{former['currency']}`.",
                param,
            )
        rhythm = ("interval", "interval_count")
        if any(price["recurring"][name] != former["recurring"][name] for name in rhythm):
            raise errors.not_simulated(param, "a change of the billing interval")

    def _prorate(
        self,
        subscription: Object,
        former: Object,
        changed: Object,
        params: dict[str, Any],
        request: RequestInfo,
    ) -> None:
        """Give back what stays unused of the item as it was, and charge the rest of the period as
        it is now."""
        before, after = (
            item["price"]["unit_amount"] * item["quantity"] for item in (former, changed)
        )
        same_price = former["price"]["id"] == changed["price"]["id"]
        if same_price and former["quantity"] == changed["quantity"]:
            return
        start, end = former["current_period_start"], former["current_period_end"]
        date = params.get("proration_date", self._backend.clock.now())
        if not start <= date <= end:
            raise errors.invalid(
                "`proration_date` must lie within the current period of the subscription.",
                "proration_date",
            )
        day = datetime.fromtimestamp(date, UTC).strftime("%d %b %Y")
        for item, whole, sign, word in (
            (former, before, -1, "Unused"),
            (changed, after, 1, "Remaining"),
        ):
            amount = sign * _share(whole, end - date, end - start)
            if amount == 0:
                continue
            self._invoice_items.create_proration(
                subscription,
                item,
                amount,
                f"{word} time on {self._name(item)} after {day}",
                (date, end),
                self._credited(subscription, item) if sign < 0 else None,
                request,
            )

    def _name(self, item: Object) -> str:
        product = self._backend.require("product", item["price"]["product"], "product")
        name: str = product["name"]
        return (
            name if item["quantity"] == 1 else f"{item['quantity']} \N{MULTIPLICATION SIGN} {name}"
        )

    def _credited(self, subscription: Object, item: Object) -> Object | None:
        """The invoice and its lines that charged the item."""
        invoice = self._backend.objects.get("invoice", subscription["latest_invoice"])
        if invoice is None:
            return None
        lines = [
            line["id"]
            for line in invoice["lines"]["data"]
            if (line["parent"]["subscription_item_details"] or {}).get("subscription_item")
            == item["id"]
        ]
        return {"invoice": invoice["id"], "invoice_line_items": lines} if lines else None


def _share(amount: int, part: int, whole: int) -> int:
    """That part of the amount, rounded half up."""
    return (2 * amount * part + whole) // (2 * whole)
