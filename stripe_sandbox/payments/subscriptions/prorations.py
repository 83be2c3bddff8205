"""Prorations to the second: what stays unused of an item is given back, what comes is charged
(https://docs.stripe.com/billing/subscriptions/prorations)."""

from __future__ import annotations

from datetime import UTC, datetime

from stripe_sandbox.api.endpoint import RequestInfo
from stripe_sandbox.backend import Backend
from stripe_sandbox.resources.billing.discounts import Discounts
from stripe_sandbox.resources.billing.invoice_items import InvoiceItems
from stripe_sandbox.resources.catalog.redemptions import amounts_off
from stripe_sandbox.storage.objects import Object


class Prorations:
    """Creates the invoice items of a change; each records `invoiceitem.created`."""

    def __init__(self, backend: Backend, invoice_items: InvoiceItems, discounts: Discounts) -> None:
        self._backend = backend
        self._invoice_items = invoice_items
        self._discounts = discounts

    def credit(
        self,
        subscription: Object,
        item: Object,
        start: int,
        end: int,
        request: RequestInfo,
    ) -> None:
        """Give back what the item's period costs from `start` to `end`, in Unix seconds, after the
        discounts with which it was charged."""
        charged, credited = self._charged(subscription, item), None
        if charged is None:
            net = self._net(subscription, item)
        else:
            invoice, line = charged
            off = sum(part["amount"] for part in line["discount_amounts"])
            net = item["price"]["unit_amount"] * item["quantity"]
            net -= net * off // (line["amount"] or 1)
            credited = {"invoice": invoice, "invoice_line_items": [line["id"]]}
        amount = -_share(net, end - start, item)
        self._create(subscription, item, amount, "Unused", (start, end), credited, request)

    def charge(
        self, subscription: Object, item: Object, start: int, end: int, request: RequestInfo
    ) -> None:
        """Charge what the item's period costs from `start` to `end`, in Unix seconds, less the
        discounts that the subscription has."""
        amount = _share(self._net(subscription, item), end - start, item)
        self._create(subscription, item, amount, "Remaining", (start, end), None, request)

    def _create(
        self,
        subscription: Object,
        item: Object,
        amount: int,
        word: str,
        period: tuple[int, int],
        credited: Object | None,
        request: RequestInfo,
    ) -> None:
        if amount == 0:
            return
        day = datetime.fromtimestamp(period[0], UTC).strftime("%d %b %Y")
        description = f"{word} time on {self._name(item)} after {day}"
        self._invoice_items.create_proration(
            subscription, item, amount, description, period, credited, request
        )

    def _net(self, subscription: Object, item: Object) -> int:
        """What a whole period of the item costs after discounts."""
        product = item["price"]["product"]
        net: int = item["price"]["unit_amount"] * item["quantity"]
        for identifier in self._discounts.active([*item["discounts"], *subscription["discounts"]]):
            applied = self._discounts.applied(identifier)
            if applied.coupon["percent_off"] is not None and applied.coupon["duration"] != "once":
                [off] = amounts_off(applied.coupon, applied.products, [(product, net)])
                net -= off
        return net

    def _charged(self, subscription: Object, item: Object) -> tuple[str, Object] | None:
        """The invoice that charged the item's period, and its line."""
        invoice = self._backend.objects.get("invoice", subscription["latest_invoice"])
        for line in invoice["lines"]["data"] if invoice else ():
            details = line["parent"]["subscription_item_details"] or {}
            if details.get("subscription_item") == item["id"] and not details["proration"]:
                return str(invoice and invoice["id"]), line
        return None

    def _name(self, item: Object) -> str:
        product = self._backend.require("product", item["price"]["product"], "product")
        name: str = product["name"]
        return (
            name if item["quantity"] == 1 else f"{item['quantity']} \N{MULTIPLICATION SIGN} {name}"
        )


def _share(amount: int, seconds: int, item: Object) -> int:
    """The part of the amount that so many seconds of the item's period cost, rounded half up."""
    whole = item["current_period_end"] - item["current_period_start"]
    share: int = (2 * amount * seconds + whole) // (2 * whole)
    return share
