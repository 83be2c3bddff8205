"""Invoice items (https://docs.stripe.com/api/invoiceitems): prorations, which wait for the next
invoice of their subscription."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from stripe.params._invoice_item_delete_params import InvoiceItemDeleteParams
from stripe.params._invoice_item_list_params import InvoiceItemListParams
from stripe.params._invoice_item_retrieve_params import InvoiceItemRetrieveParams
from stripe.params._invoice_item_update_params import InvoiceItemUpdateParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import NO_REQUEST, Call, RequestInfo, Route
from stripe_sandbox.ids import new_id
from stripe_sandbox.resources.resource import Resource
from stripe_sandbox.schema.objects import build, deleted_object
from stripe_sandbox.storage.filters import PRESENT
from stripe_sandbox.storage.objects import Object, Window

_UPDATE = ("amount", "description", "discountable", "metadata", "period")


class InvoiceItems(Resource):
    """Creates prorations, puts them on invoices, and shows them."""

    kind = "invoiceitem"
    url = "/v1/invoiceitems"
    id_param = "invoiceitem"
    retrieve_params = InvoiceItemRetrieveParams
    list_params = InvoiceItemListParams
    filters = ("created", "customer", "customer_account", "invoice", "pending")

    def routes(self) -> list[Route]:
        """All endpoints."""
        return [
            *super().routes(),
            Route("POST", self.path, self._update, InvoiceItemUpdateParams, self.kind, _UPDATE),
            Route("DELETE", self.path, self._delete, InvoiceItemDeleteParams, self.kind),
        ]

    def _update(self, call: Call) -> Object:
        """No event says so, as at Stripe since 2024-04-10."""
        item, changes = self._require_pending(call), dict(call.params)
        if "amount" in changes:
            changes["net_amount"] = changes["amount"]
            unit = Decimal(changes["amount"]) / item["quantity"]
            changes["pricing"] = {**item["pricing"], "unit_amount_decimal": format(unit, "f")}
        return self._store(item, changes, call.request)

    def _delete(self, call: Call) -> Object:
        """Records `invoiceitem.deleted`."""
        item = self._require_pending(call)
        self._backend.objects.delete(self.kind, item["id"])
        self._backend.events.record("invoiceitem.deleted", item, call.request)
        return deleted_object(item)

    def _require_pending(self, call: Call) -> Object:
        """The item, if it waits for an invoice."""
        item = self._require(call)
        if item["invoice"] is not None:
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
        """The items that wait for the subscription's next invoice, the oldest first."""
        filters = {"customer": subscription["customer"], "invoice": None}
        found = self._backend.page(self.kind, self.url, filters, Window(100)).to_object()
        return [
            item
            for item in reversed(found["data"])
            if item["parent"]["subscription_details"]["subscription"] == subscription["id"]
        ]

    def put_on(self, invoice: str, items: list[Object]) -> None:
        """The items stand on the invoice of that id: they wait no longer."""
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
