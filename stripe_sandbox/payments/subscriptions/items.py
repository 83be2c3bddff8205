"""Changing what a subscription is for, with prorations to the second
(https://docs.stripe.com/billing/subscriptions/prorations)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import RequestInfo
from stripe_sandbox.backend import Backend
from stripe_sandbox.payments.invoices.invoice_collection import InvoiceCollection
from stripe_sandbox.resources.billing.billing_cycle import add_interval
from stripe_sandbox.resources.billing.invoice_drafts import InvoiceDrafts
from stripe_sandbox.resources.billing.invoice_items import InvoiceItems
from stripe_sandbox.resources.billing.subscriptions import Subscriptions
from stripe_sandbox.schema.objects import merge_metadata
from stripe_sandbox.schema.plans import plan_of
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
        """What the update changes of the subscription, which the caller stores: its `items` and,
        with a price of another interval, its `billing_cycle_anchor`, as the period then begins
        anew. Creates the prorations; records `invoiceitem.created` for each. StripeError: the
        update is wrong."""
        listed = subscription["items"]
        former = changed = listed["data"][0]
        items = {item["id"]: item for item in listed["data"]}
        for index, given in enumerate(params["items"]):
            path = f"items[{index}]"
            if "id" not in given:
                raise errors.not_simulated(f"{path}[id]", "a further item of a subscription")
            if given["id"] not in items:
                raise errors.no_such("subscription_item", given["id"], f"{path}[id]")
            former = items[given["id"]]
            changed = self._changed(former, given, path, alone=len(items) == 1)
            free = subscription["status"] == "trialing"
            if params.get("proration_behavior") != "none" and not free:
                self._prorate(subscription, former, changed, params, request)
            items[given["id"]] = changed
        changes: Object = {"items": {**listed, "data": list(items.values())}}
        if not _same_interval(changed, former):
            changes["billing_cycle_anchor"] = changed["current_period_start"]
            if subscription["cancel_at_period_end"]:
                changes["cancel_at"] = changed["current_period_end"]
        return changes

    def invoice(self, subscription: Object, *, begins_anew: bool) -> None:
        """Invoice what is pending, and, where the period begins anew, that period; collect it
        now."""
        pending = self._invoice_items.pending(subscription)
        items = subscription["items"]["data"] if begins_anew else []
        if begins_anew:
            end = items[0]["current_period_end"]
            self._subscriptions.schedule_renewal(subscription["id"], end)
        elif not pending:
            return
        customer = self._backend.require("customer", subscription["customer"], "customer")
        invoice = self._drafts.create_update(subscription, customer, pending, items)
        self._subscriptions.change(subscription, {"latest_invoice": invoice["id"]})
        self._collection.finalize(invoice)
        if invoice["status"] == "open":
            self._collection.collect(invoice)

    def _changed(self, former: Object, given: dict[str, Any], path: str, *, alone: bool) -> Object:
        """The item after the update; `alone`: it is the subscription's only one."""
        item = dict(former)
        if "price" in given and given["price"] != former["price"]["id"]:
            price = self._backend.require("price", given["price"], f"{path}[price]")
            self._check_price(price, former["price"], f"{path}[price]")
            item.update(plan=plan_of(price), price=price, quantity=1)
            if not _same_interval(item, former):
                if not alone:
                    raise errors.invalid(
                        "All prices on a subscription must have the same `recurring.interval` and "
                        "`recurring.interval_count`.",
                        f"{path}[price]",
                    )
                now, recurring = self._backend.clock.now(), price["recurring"]
                end = add_interval(now, recurring["interval"], recurring["interval_count"])
                item.update(current_period_start=now, current_period_end=end)
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
            if amount == 0 or (sign > 0 and not _same_interval(former, changed)):
                continue  # a period that begins anew is charged whole
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


def _same_interval(item: Object, other: Object) -> bool:
    """Whether both are charged at the same interval."""
    names = ("interval", "interval_count")
    return all(
        item["price"]["recurring"][name] == other["price"]["recurring"][name] for name in names
    )


def _share(amount: int, part: int, whole: int) -> int:
    """That part of the amount, rounded half up."""
    return (2 * amount * part + whole) // (2 * whole)
