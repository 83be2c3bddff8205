"""Invoice items that a request creates (https://docs.stripe.com/api/invoiceitems/create)."""

from __future__ import annotations

from typing import Any

from stripe.params._invoice_item_create_params import InvoiceItemCreateParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import Call, RequestInfo, Route
from stripe_sandbox.backend import Backend
from stripe_sandbox.currencies import parse_currency
from stripe_sandbox.ids import new_id
from stripe_sandbox.resources.billing.discounts import Discounts
from stripe_sandbox.resources.billing.draft_lines import DraftLines
from stripe_sandbox.resources.billing.invoice_items import DISCOUNTS
from stripe_sandbox.resources.catalog.prices import Prices
from stripe_sandbox.schema.objects import build, merge_metadata
from stripe_sandbox.storage.objects import Object
from stripe_sandbox.validation import check_quantity

KIND = "invoiceitem"
_OF_LINE = (
    *("amount", "currency", "description", "discountable", "discounts", "metadata", "period"),
    "quantity",
)
_PRICED = ("amount", "price_data", "pricing")
_CREATE = (
    *("amount", "currency", "customer", "description", "discountable", *DISCOUNTS, "invoice"),
    "metadata",
    *("period.end", "period.start", "price_data.currency", "price_data.product"),
    *("price_data.unit_amount", "pricing.price", "quantity"),
    "subscription",
)


def items_of(invoice: Object) -> list[Object]:
    """The items that lines of a new invoice name, which Checkout made of what it sold once."""
    return [
        _item_of(invoice, line)
        for line in invoice["lines"]["data"]
        if line["parent"]["type"] == "invoice_item_details"
    ]


def _item_of(invoice: Object, line: Object) -> Object:
    details = line["parent"]["invoice_item_details"]
    off = sum(discount["amount"] for discount in line["discount_amounts"])
    return build(
        KIND,
        {
            "id": details["invoice_item"],
            "object": KIND,
            **{name: line[name] for name in _OF_LINE},
            "customer": invoice["customer"],
            "date": invoice["created"],
            "invoice": invoice["id"],
            "livemode": False,
            "net_amount": line["amount"] - off,
            "parent": details["subscription"] and _subscriptions(details["subscription"]),
            "pricing": build(f"{KIND}.Pricing", line["pricing"]),
            "proration": False,
            "quantity_decimal": str(line["quantity"]),
            "tax_rates": [],
            "test_clock": invoice["test_clock"],
        },
    )


def _subscriptions(identifier: str) -> Object:
    """The parent of an item that belongs to a subscription."""
    details = build(f"{KIND}.Parent.SubscriptionDetails", {"subscription": identifier})
    return build(
        f"{KIND}.Parent", {"subscription_details": details, "type": "subscription_details"}
    )


class NewInvoiceItems:
    """Creates items of an amount or of a one-time Price, for a draft or for the next invoice."""

    def __init__(
        self, backend: Backend, prices: Prices, lines: DraftLines, discounts: Discounts
    ) -> None:
        self._backend = backend
        self._prices = prices
        self._lines = lines
        self._discounts = discounts

    def routes(self) -> list[Route]:
        """The endpoint."""
        return [
            Route("POST", "/v1/invoiceitems", self._create, InvoiceItemCreateParams, KIND, _CREATE)
        ]

    def _create(self, call: Call) -> Object:
        """Records `invoiceitem.created` and, for a draft, `invoice.updated`."""
        params = call.params
        invoice = None
        if "invoice" in params:
            invoice = self._lines.require_draft(params["invoice"], "invoice")
            params = {"customer": invoice["customer"], **params}
        if "customer" not in params:
            raise errors.parameter_missing("customer")
        customer = self._backend.require("customer", params["customer"], "customer")
        if invoice is not None and invoice["customer"] != customer["id"]:
            raise errors.invalid("The invoice belongs to another customer.", "invoice")
        item = self.create(customer, params, invoice, call.request)
        if invoice is not None:
            self._lines.add(invoice, [item], call.request)
        return item

    def create(
        self,
        customer: Object,
        params: dict[str, Any],
        invoice: Object | None,
        request: RequestInfo,
    ) -> Object:
        """A new item, for the draft or for the next invoice; the draft's line is the caller's.
        Records `invoiceitem.created`."""
        item = self._new(customer, params, invoice, request)
        if invoice is not None and invoice["currency"] != item["currency"]:
            raise errors.invalid(
                f"The invoice is in `{invoice['currency']}`: an item in `{item['currency']}` "
                "cannot be added to it.",
                "currency",
            )
        item["discounts"] = self._discounts.of_item(item, params.get("discounts"), "discounts")
        self._backend.objects.insert(item)
        self._backend.events.record("invoiceitem.created", item, request)
        return item

    def _new(
        self,
        customer: Object,
        params: dict[str, Any],
        invoice: Object | None,
        request: RequestInfo,
    ) -> Object:
        now = self._backend.clock.now()
        amount, quantity, price = self._priced(params, request)
        if price is not None:
            currency = price["currency"]
        elif invoice is not None and "currency" not in params:
            currency = invoice["currency"]
        else:
            currency = self._currency(customer, params)
        description = params.get("description")
        if description is None and price is not None:
            description = self._backend.require("product", price["product"], "product")["name"]
        unit = price["unit_amount_decimal"] if price else str(amount)
        details = price and {"price": price["id"], "product": price["product"]}
        return build(
            KIND,
            {
                "id": new_id("ii"),
                "object": KIND,
                "amount": amount,
                "currency": currency,
                "customer": customer["id"],
                "date": now,
                "description": description,
                "discountable": params.get("discountable", amount > 0),
                "discounts": [],
                "invoice": invoice and invoice["id"],
                "livemode": False,
                "metadata": merge_metadata({}, params.get("metadata", {})),
                "net_amount": amount,
                "parent": self._parent(customer, params),
                "period": params.get("period", {"end": now, "start": now}),
                "pricing": build(
                    f"{KIND}.Pricing",
                    {
                        **({"price_details": details} if details else {}),
                        "type": "price_details",
                        "unit_amount_decimal": unit,
                    },
                ),
                "proration": False,
                "quantity": quantity,
                "quantity_decimal": str(quantity),
                "tax_rates": [],
                "test_clock": customer["test_clock"],
            },
        )

    def _priced(
        self, params: dict[str, Any], request: RequestInfo
    ) -> tuple[int, int, Object | None]:
        """The amount, the quantity, and the Price, if it is of one."""
        given = [name for name in _PRICED if name in params]
        if not given:
            raise errors.parameter_missing("amount")
        errors.check_exclusive(params, *_PRICED)
        errors.check_exclusive(params, "amount", "quantity")
        check_quantity(params)
        if "amount" in params:
            return params["amount"], 1, None
        if "price_data" in params:
            price = self._prices.create_inline(params["price_data"], request, "price_data")
        else:
            named = params["pricing"].get("price")
            if named is None:
                raise errors.parameter_missing("pricing[price]")
            price = self._backend.require("price", named, "pricing[price]")
        if price["recurring"]:
            raise errors.invalid(
                "The price specified is set to `type=recurring` but this field only accepts prices "
                "with `type=one_time`.",
                "pricing[price]",
            )
        quantity = params.get("quantity", 1)
        return price["unit_amount"] * quantity, quantity, price

    def _currency(self, customer: Object, params: dict[str, Any]) -> str:
        if "currency" in params:
            return parse_currency(params["currency"], "currency")
        return customer.get("currency") or "usd"

    def _parent(self, customer: Object, params: dict[str, Any]) -> Object | None:
        if "subscription" not in params:
            return None
        subscription = self._backend.require("subscription", params["subscription"], "subscription")
        if subscription["customer"] != customer["id"]:
            raise errors.no_such("subscription", subscription["id"], "subscription")
        return _subscriptions(subscription["id"])
