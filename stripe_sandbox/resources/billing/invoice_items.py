"""Invoice items (https://docs.stripe.com/api/invoiceitems), prorations among them: they stand on an
invoice, or wait for the next one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from stripe.params._invoice_item_delete_params import InvoiceItemDeleteParams
from stripe.params._invoice_item_list_params import InvoiceItemListParams
from stripe.params._invoice_item_retrieve_params import InvoiceItemRetrieveParams
from stripe.params._invoice_item_update_params import InvoiceItemUpdateParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import NO_REQUEST, Call, RequestInfo, Route
from stripe_sandbox.backend import Backend
from stripe_sandbox.ids import new_id
from stripe_sandbox.resources.billing.discounts import Discounts
from stripe_sandbox.resources.billing.draft_lines import DraftLines
from stripe_sandbox.resources.resource import Resource
from stripe_sandbox.schema.objects import build, deleted_object, former_values
from stripe_sandbox.storage.filters import PRESENT
from stripe_sandbox.storage.objects import Object, Window
from stripe_sandbox.validation import check_quantity

DISCOUNTS = ("discounts.coupon", "discounts.discount", "discounts.promotion_code")
_UPDATE = (
    *("amount", "description", "discountable", *DISCOUNTS, "metadata", "period", "quantity"),
)


class InvoiceItems(Resource):
    """Creates prorations, puts them on invoices, and shows them."""

    kind = "invoiceitem"
    url = "/v1/invoiceitems"
    retrieve_params = InvoiceItemRetrieveParams
    list_params = InvoiceItemListParams
    filters = ("created", "customer", "customer_account", "invoice", "pending")

    def __init__(self, backend: Backend, lines: DraftLines, discounts: Discounts) -> None:
        super().__init__(backend)
        self._lines = lines
        self._discounts = discounts

    def routes(self) -> list[Route]:
        """All endpoints but the one that creates items."""
        return [
            *super().routes(),
            Route("POST", self.path, self._update, InvoiceItemUpdateParams, self.kind, _UPDATE),
            Route("DELETE", self.path, self._delete, InvoiceItemDeleteParams, self.kind),
        ]

    def _update(self, call: Call) -> Object:
        """No event says so, as at Stripe since 2024-04-10."""
        item = self._require_changeable(call)
        self.update(item, call.params, call.request)
        if item["invoice"] is not None:
            draft = self._lines.require_draft(item["invoice"], "invoice")
            self._lines.replace(draft, [item], call.request)
        return item

    def update(
        self, item: Object, params: dict[str, Any], request: RequestInfo, param: str = ""
    ) -> None:
        """Change what the item says and costs; the draft that it is on is the caller's. `param`:
        where the parameters stand in the request."""
        changes = dict(params)
        if "discounts" in changes:
            here = f"{param}[discounts]" if param else "discounts"
            changes["discounts"] = self._discounts.of_item(item, changes["discounts"], here)
        check_quantity(changes, param)
        if "quantity" in changes:
            quantity = changes["quantity"]
            unit = Decimal(item["pricing"]["unit_amount_decimal"])
            changes |= {"amount": int(unit * quantity), "quantity_decimal": str(quantity)}
            changes["net_amount"] = changes["amount"]
        elif "amount" in changes:
            changes["net_amount"] = changes["amount"]
            unit = Decimal(changes["amount"]) / (item["quantity"] or 1)
            changes["pricing"] = {**item["pricing"], "unit_amount_decimal": format(unit, "f")}
        previous = former_values(item, {**item, **changes})
        self._store(item, changes, request)
        self._backend.events.record_thin("invoiceitem.updated", item, request, previous)

    def _delete(self, call: Call) -> Object:
        item = self._require_changeable(call)
        if item["invoice"] is not None:
            draft = self._lines.require_draft(item["invoice"], "invoice")
            self._lines.remove(draft, [item["id"]], call.request)
        self.delete(item, call.request)
        return deleted_object(item)

    def delete(self, item: Object, request: RequestInfo) -> None:
        """The item is there no more; the draft that it is on is the caller's. Records
        `invoiceitem.deleted`."""
        self._backend.objects.delete(self.kind, item["id"])
        self._backend.events.record("invoiceitem.deleted", item, request)

    def _require_changeable(self, call: Call) -> Object:
        """The item, if it waits for an invoice or is on a draft."""
        item = self._require(call)
        invoice = item["invoice"] and self._backend.require("invoice", item["invoice"], "invoice")
        if invoice and invoice["status"] != "draft":
            raise errors.invalid(
                f"This invoice item is attached to the invoice {item['invoice']} and can no longer "
                "be modified.",
            )
        return item

    def create_proration(
        self,
        subscription: Object,
        item: Object,
        amount: int,
        description: str,
        period: tuple[int, int],
        credited: Object | None = None,
        request: RequestInfo = NO_REQUEST,
    ) -> Object:
        """A pending item: what the subscription's item costs in the rest of the period, or, with a
        negative amount, what of it stays unused; then `credited` names the invoice and its lines
        that it gives back. Records `invoiceitem.created`."""
        price = item["price"]
        path = "invoiceitem.ProrationDetails.CreditedItems"
        proration = build(
            self.kind,
            {
                "id": new_id("ii"),
                "object": self.kind,
                "amount": amount,
                "currency": subscription["currency"],
                "customer": subscription["customer"],
                "date": self._backend.clock.now(),
                "description": description,
                "discountable": False,
                "discounts": [],
                "livemode": False,
                "metadata": subscription["metadata"],
                "net_amount": amount,
                "parent": build(
                    "invoiceitem.Parent",
                    {
                        "subscription_details": {
                            "subscription": subscription["id"],
                            "subscription_item": item["id"],
                        },
                        "type": "subscription_details",
                    },
                ),
                "period": {"end": period[1], "start": period[0]},
                "pricing": build(
                    "invoiceitem.Pricing",
                    {
                        "price_details": {"price": price["id"], "product": price["product"]},
                        "type": "price_details",
                        "unit_amount_decimal": price["unit_amount_decimal"],
                    },
                ),
                "proration": True,
                "proration_details": {
                    "credited_items": credited
                    and build(
                        path,
                        {"invoice_line_item_details": credited, "type": "invoice_line_items"},
                    ),
                    "discount_amounts": [],
                },
                "quantity": item["quantity"],
                "quantity_decimal": str(item["quantity"]),
                "tax_rates": [],
                "test_clock": subscription["test_clock"],
            },
        )
        self._backend.objects.insert(proration)
        self._backend.events.record("invoiceitem.created", proration, request)
        return proration

    def pending(self, subscription: Object) -> list[Object]:
        """The items that wait for the subscription's next invoice, the oldest first: its own, and
        those of the customer that belong to no subscription."""
        found = self.waiting(subscription["customer"], None)
        own = (None, subscription["id"])
        return [
            item
            for item in found
            if _subscription(item) in own and item["currency"] == subscription["currency"]
        ]

    def waiting(self, customer: str, subscription: str | None) -> list[Object]:
        """The items of the customer, or only of that subscription of theirs, that wait for an
        invoice, the oldest first."""
        filters = {"customer": customer, "invoice": None}
        found = self._backend.page(self.kind, self.url, filters, Window(100)).to_object()
        return [
            item
            for item in reversed(found["data"])
            if subscription is None or _subscription(item) == subscription
        ]

    def put_on(self, invoice: str | None, items: list[Object]) -> None:
        """The items stand on the invoice of that id: they wait no longer. None: they wait again."""
        for item in items:
            item["invoice"] = invoice
            self._backend.objects.save(item)

    def _conditions(self, params: dict[str, Any]) -> dict[str, Any]:
        conditions = super()._conditions(params)
        pending = conditions.pop("pending", None)
        if pending is not None and "invoice" not in conditions:
            conditions["invoice"] = None if pending else PRESENT
        elif pending:
            conditions["id"] = ()  # what is on an invoice waits for none
        return conditions


def _subscription(item: Object) -> str | None:
    """The id of the subscription that the item belongs to."""
    found: str | None = ((item["parent"] or {}).get("subscription_details") or {}).get(
        "subscription"
    )
    return found
