"""Adding, changing and removing the lines of a draft
(https://docs.stripe.com/api/invoices/add_lines)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from stripe.params._invoice_add_lines_params import InvoiceAddLinesParams
from stripe.params._invoice_line_item_update_params import InvoiceLineItemUpdateParams
from stripe.params._invoice_remove_lines_params import InvoiceRemoveLinesParams
from stripe.params._invoice_update_lines_params import InvoiceUpdateLinesParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import Call, RequestInfo, Route
from stripe_sandbox.backend import Backend
from stripe_sandbox.resources.billing.discounts import Discounts
from stripe_sandbox.resources.billing.draft_lines import DraftLines, item_of
from stripe_sandbox.resources.billing.invoice_items import DISCOUNTS, InvoiceItems
from stripe_sandbox.resources.billing.new_invoice_items import NewInvoiceItems
from stripe_sandbox.schema.objects import merge_metadata
from stripe_sandbox.storage.objects import Object

_OF_ANY = ("description", "discountable", *DISCOUNTS, "metadata", "period.end", "period.start")
_CHANGES = ("amount", *_OF_ANY, "quantity")
_NEW = (
    *(*_CHANGES, "invoice_item", "price_data.currency", "price_data.product"),
    *("price_data.product_data.name", "price_data.unit_amount", "pricing.price"),
)
_OF_SUBSCRIPTIONS = {"description", "discountable", "discounts", "metadata", "period"}


class InvoiceLines:
    """Changes the lines of drafts, several at once."""

    def __init__(
        self,
        backend: Backend,
        drafts: DraftLines,
        items: InvoiceItems,
        new_items: NewInvoiceItems,
        discounts: Discounts,
    ) -> None:
        self._backend = backend
        self._drafts = drafts
        self._items = items
        self._new_items = new_items
        self._discounts = discounts

    def routes(self) -> list[Route]:
        """The endpoints."""
        path, kind = "/v1/invoices/:invoice", "invoice"
        adds, updates = (
            ("invoice_metadata", *(f"lines.{name}" for name in names))
            for names in (_NEW, ("id", *_CHANGES))
        )
        removes = ("invoice_metadata", "lines.behavior", "lines.id")
        line, update = InvoiceLineItemUpdateParams, InvoiceUpdateLinesParams
        remove = InvoiceRemoveLinesParams
        return [
            Route("POST", f"{path}/add_lines", self._add, InvoiceAddLinesParams, kind, adds),
            Route("POST", f"{path}/update_lines", self._update, update, kind, updates),
            Route("POST", f"{path}/remove_lines", self._remove, remove, kind, removes),
            Route("POST", f"{path}/lines/:line", self._update_line, line, "line_item", _CHANGES),
        ]

    def _draft(self, call: Call) -> Object:
        return self._drafts.require_draft(call.ids[0], "invoice", 404)

    def _metadata(self, invoice: Object, call: Call) -> Object:
        """What the request changes of the invoice itself."""
        if "invoice_metadata" not in call.params:
            return {}
        return {"metadata": merge_metadata(invoice["metadata"], call.params["invoice_metadata"])}

    def _add(self, call: Call) -> Object:
        """Each line is a new item, or one that waits for an invoice."""
        invoice = self._draft(call)
        customer = self._backend.require("customer", invoice["customer"], "customer")
        items = []
        for index, given in enumerate(call.params["lines"]):
            with _named(f"lines[{index}]"):
                if "invoice_item" in given:
                    items.append(self._waiting(invoice, given, call.request))
                else:
                    items.append(self._new_items.create(customer, given, invoice, call.request))
        self._drafts.add(invoice, items, call.request, **self._metadata(invoice, call))
        return invoice

    def _waiting(self, invoice: Object, given: dict[str, Any], request: RequestInfo) -> Object:
        item = self._backend.require("invoiceitem", given["invoice_item"], "invoice_item")
        if item["customer"] != invoice["customer"] or item["invoice"] is not None:
            raise errors.invalid(
                "The invoice item waits for no invoice of this customer.", "invoice_item"
            )
        changes = {name: value for name, value in given.items() if name != "invoice_item"}
        self._items.update(item, changes, request)
        self._items.put_on(invoice["id"], [item])
        return item

    def _update(self, call: Call) -> Object:
        invoice = self._draft(call)
        self._change(invoice, call.params["lines"], call, "lines")
        return invoice

    def _update_line(self, call: Call) -> Object:
        invoice, identifier = self._draft(call), call.ids[1]
        self._change(invoice, [{**call.params, "id": identifier}], call, None)
        return _line(invoice, identifier)

    def _change(
        self, invoice: Object, lines: list[dict[str, Any]], call: Call, param: str | None
    ) -> None:
        """Change the lines; `param` is where they stand in the request, None for one line that the
        path names."""
        items, others = [], {}
        for index, given in enumerate(lines):
            with _named(f"{param}[{index}]" if param else None):
                changes = {name: value for name, value in given.items() if name != "id"}
                line = _line(invoice, given["id"], 400 if param else 404)
                item = self._item(line)
                if item is not None:
                    self._items.update(item, changes, call.request)
                    items.append(item)
                else:
                    others[line["id"]] = self._changed(invoice, line, changes)
        self._drafts.replace(invoice, items, call.request, others, **self._metadata(invoice, call))

    def _changed(self, invoice: Object, line: Object, changes: dict[str, Any]) -> Object:
        """A line of a subscription's period after the changes."""
        for name in changes:
            if name not in _OF_SUBSCRIPTIONS:
                raise errors.invalid(
                    f"The `{name}` of a line for a subscription's period cannot be changed.", name
                )
        if "metadata" in changes:
            changes["metadata"] = merge_metadata(line["metadata"], changes["metadata"])
        if "discounts" in changes:
            owner = {**line, "customer": invoice["customer"]}
            changes["discounts"] = self._discounts.of_item(owner, changes["discounts"], "discounts")
        return {**line, **changes}

    def _remove(self, call: Call) -> Object:
        """`unassign` has the line's item wait for the next invoice."""
        invoice, removed = self._draft(call), []
        for index, given in enumerate(call.params["lines"]):
            with _named(f"lines[{index}]"):
                item = self._item(_line(invoice, given["id"]))
                if item is None:
                    raise errors.invalid(
                        "A line for a subscription's period cannot be removed.", "id"
                    )
                removed.append(item["id"])
                if given["behavior"] == "delete":
                    self._items.delete(item, call.request)
                else:
                    self._items.put_on(None, [item])
        self._drafts.remove(invoice, removed, call.request, **self._metadata(invoice, call))
        return invoice

    def _item(self, line: Object) -> Object | None:
        """The invoice item that the line is."""
        identifier = item_of(line)
        return self._backend.objects.get("invoiceitem", identifier) if identifier else None


def _line(invoice: Object, identifier: str, status: int = 400) -> Object:
    lines: list[Object] = invoice["lines"]["data"]
    for line in lines:
        if line["id"] == identifier:
            return line
    raise errors.no_such("line_item", identifier, "id", status)


@contextmanager
def _named(param: str | None) -> Iterator[None]:
    """Errors of the block are about parameters that stand in another one; None: in none."""
    try:
        yield
    except errors.StripeError as error:
        if param is not None:
            error.nest(param)
        raise
