"""The lines of draft invoices: invoice items that are put on one, changed and taken off again
(https://docs.stripe.com/invoicing/integration)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from copy import deepcopy
from typing import Any

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import RequestInfo
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

    def require_draft(self, identifier: str, param: str, status: int = 400) -> Object:
        """The draft of that id. StripeError: there is none (404 where the path names it), or it is
        finalized."""
        invoice = self._backend.require("invoice", identifier, param, status=status)
        if invoice["status"] != "draft":
            raise errors.invalid(
                "Invalid invoice: This invoice is no longer editable",
                param,
                "invoice_not_editable",
            )
        return invoice

    def add(
        self, invoice: Object, items: list[Object], request: RequestInfo, **changes: Any
    ) -> None:
        """The items stand on the draft, as its last lines; `changes` are of its other fields."""
        lines = [new_item_line(invoice["id"], item) for item in items]
        self._store(invoice, [*invoice["lines"]["data"], *lines], request, changes)

    def replace(
        self,
        invoice: Object,
        items: list[Object],
        request: RequestInfo,
        lines: Mapping[str, Object] | None = None,
        **changes: Any,
    ) -> None:
        """The items, which are on the draft, have changed, as have `lines`, by their ids."""
        changed = {item["id"]: new_item_line(invoice["id"], item) for item in items}
        found = []
        for line in invoice["lines"]["data"]:
            item = changed.get(item_of(line) or "")
            found.append(
                {**item, "id": line["id"]} if item else (lines or {}).get(line["id"], line)
            )
        self._store(invoice, found, request, changes)

    def remove(
        self, invoice: Object, items: Collection[str], request: RequestInfo, **changes: Any
    ) -> None:
        """The items of those ids are on the draft no more."""
        lines = [line for line in invoice["lines"]["data"] if item_of(line) not in items]
        self._store(invoice, lines, request, changes)

    def _store(
        self, invoice: Object, lines: list[Object], request: RequestInfo, changes: Object
    ) -> None:
        former = deepcopy(invoice)
        invoice["lines"]["data"] = lines
        invoice.update(changes)
        self._discounts.recompute(invoice)
        previous = former_values(former, invoice)
        self._backend.objects.save(invoice)
        self._backend.events.record("invoice.updated", invoice, request, previous)


def item_of(line: Object) -> str | None:
    """The id of the invoice item that the line is."""
    parent = line["parent"]
    details = parent["invoice_item_details"] or parent["subscription_item_details"]
    found: str | None = details["invoice_item"]
    return found
