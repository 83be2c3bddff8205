"""Invoice items (https://docs.stripe.com/api/invoiceitems): prorations, which wait for the next
invoice of their subscription."""

from __future__ import annotations

from typing import Any

from stripe.params._invoice_item_list_params import InvoiceItemListParams
from stripe.params._invoice_item_retrieve_params import InvoiceItemRetrieveParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import NO_REQUEST, RequestInfo
from stripe_sandbox.api.pagination import pick
from stripe_sandbox.ids import new_id
from stripe_sandbox.resources.resource import Resource
from stripe_sandbox.schema.objects import build
from stripe_sandbox.storage.objects import Object, Window


class InvoiceItems(Resource):
    """Creates prorations, puts them on invoices, and shows them."""

    kind = "invoiceitem"
    url = "/v1/invoiceitems"
    id_param = "invoiceitem"
    retrieve_params = InvoiceItemRetrieveParams
    list_params = InvoiceItemListParams
    filters = ("created", "customer", "invoice", "pending")

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
        conditions = pick(params, "customer", "invoice")
        if params.get("pending") is False:
            raise errors.not_simulated("pending", "pending=false")
        if "pending" in params:
            conditions["invoice"] = None
        return conditions
