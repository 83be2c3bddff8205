"""The lines of draft invoices: invoice items that are put on one, changed and taken off again
(https://docs.stripe.com/invoicing/integration)."""

from __future__ import annotations

from copy import deepcopy

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import NO_REQUEST, RequestInfo
from stripe_sandbox.backend import Backend
from stripe_sandbox.resources.billing.discounts import Discounts
from stripe_sandbox.resources.billing.invoice_object import new_item_line
from stripe_sandbox.schema.objects import former_values
from stripe_sandbox.storage.objects import Object


class DraftLines:
    """Changes the lines of drafts, and with them what is due. Records `invoice.updated`."""

    def __init__(self, backend: Backend, discounts: Discounts) -> None:
        self._backend = backend
        self._discounts = discounts

    def require_draft(self, identifier: str, param: str) -> Object:
        """The draft of that id. StripeError: there is none, or it is finalized."""
        invoice = self._backend.require("invoice", identifier, param)
        if invoice["status"] != "draft":
            raise errors.invalid(
                f"The invoice {identifier} is finalized: its lines cannot be changed any more.",
                param,
            )
        return invoice

    def add(self, invoice: Object, item: Object, request: RequestInfo = NO_REQUEST) -> None:
        """The item stands on the draft, as its last line."""
        lines = [*invoice["lines"]["data"], new_item_line(invoice["id"], item)]
        self._store(invoice, lines, request)

    def replace(self, invoice: Object, item: Object, request: RequestInfo) -> None:
        """The item, which is on the draft, has changed."""
        changed = new_item_line(invoice["id"], item)
        lines = [
            {**changed, "id": line["id"]} if _item_of(line) == item["id"] else line
            for line in invoice["lines"]["data"]
        ]
        self._store(invoice, lines, request)

    def remove(self, invoice: Object, item: str, request: RequestInfo) -> None:
        """The item of that id is on the draft no more."""
        lines = [line for line in invoice["lines"]["data"] if _item_of(line) != item]
        self._store(invoice, lines, request)

    def _store(self, invoice: Object, lines: list[Object], request: RequestInfo) -> None:
        former = deepcopy(invoice)
        invoice["lines"]["data"] = lines
        self._discounts.recompute(invoice)
        previous = former_values(former, invoice)
        self._backend.objects.save(invoice)
        self._backend.events.record("invoice.updated", invoice, request, previous)


def _item_of(line: Object) -> str | None:
    """The id of the invoice item that the line is."""
    parent = line["parent"]
    details = parent["invoice_item_details"] or parent["subscription_item_details"]
    found: str | None = details["invoice_item"]
    return found
