"""Invoices that a request creates and sends (https://docs.stripe.com/invoicing/integration)."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from stripe.params._invoice_create_params import InvoiceCreateParams
from stripe.params._invoice_delete_params import InvoiceDeleteParams
from stripe.params._invoice_send_invoice_params import InvoiceSendInvoiceParams
from stripe.params._invoice_update_params import InvoiceUpdateParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import Call, Route
from stripe_sandbox.backend import Backend
from stripe_sandbox.currencies import parse_currency
from stripe_sandbox.ids import new_id
from stripe_sandbox.payments.invoices.invoice_collection import DRAFT_SECONDS, InvoiceCollection
from stripe_sandbox.resources.billing.discounts import Discounts
from stripe_sandbox.resources.billing.invoice_items import DISCOUNTS, InvoiceItems
from stripe_sandbox.resources.billing.invoice_object import new_invoice, new_item_line
from stripe_sandbox.resources.billing.invoices import Invoices
from stripe_sandbox.scheduling.jobs import JobKind, ScheduledJobs
from stripe_sandbox.schema.objects import (
    apply_changes,
    deleted_object,
    former_values,
    merge_metadata,
)
from stripe_sandbox.storage.objects import Object

DAY = 86_400
_SHARED = (
    *("auto_advance", "collection_method", "custom_fields.name", "custom_fields.value"),
    *("days_until_due", "default_payment_method", "description", "due_date", "footer", "metadata"),
    *(*DISCOUNTS, "statement_descriptor"),
)
_CREATE = (*_SHARED, "currency", "customer", "pending_invoice_items_behavior", "subscription")
_COPIED = ("custom_fields", "default_payment_method", "description", "footer", "metadata")
_AFTER_FINALIZATION = {"auto_advance", "default_payment_method", "metadata"}
_DUE = ("days_until_due", "due_date")


class ManualInvoices:
    """Creates, changes, sends and deletes invoices."""

    def __init__(
        self,
        backend: Backend,
        jobs: ScheduledJobs,
        invoices: Invoices,
        items: InvoiceItems,
        collection: InvoiceCollection,
        discounts: Discounts,
    ) -> None:
        self._backend = backend
        self._jobs = jobs
        self._invoices = invoices
        self._items = items
        self._collection = collection
        self._discounts = discounts

    def routes(self) -> list[Route]:
        """The endpoints."""
        kind, path = self._invoices.kind, self._invoices.path
        return [
            Route("POST", self._invoices.url, self._create, InvoiceCreateParams, kind, _CREATE),
            Route("POST", path, self._update, InvoiceUpdateParams, kind, _SHARED),
            Route("DELETE", path, self._delete, InvoiceDeleteParams, kind),
            Route("POST", f"{path}/send", self._send, InvoiceSendInvoiceParams, kind),
        ]

    def _require(self, call: Call) -> Object:
        return self._backend.require("invoice", call.ids[0], self._invoices.id_param, status=404)

    def _create(self, call: Call) -> Object:
        """A draft. Records `invoice.created`."""
        params = call.params
        subscription = None
        if "subscription" in params:
            named = params["subscription"]
            subscription = self._backend.require("subscription", named, "subscription")
            params = {"customer": subscription["customer"], **params}
        if "customer" not in params:
            raise errors.parameter_missing("customer")
        customer = self._backend.require("customer", params["customer"], "customer")
        if subscription is not None and subscription["customer"] != customer["id"]:
            raise errors.no_such("subscription", subscription["id"], "subscription")
        self._check_method(params)
        items = self._pending(customer, subscription, params)
        identifier, now = new_id("in"), self._backend.clock.now()
        invoice = new_invoice(
            identifier,
            subscription,
            customer,
            [new_item_line(identifier, item) for item in items],
            "manual",
            now,
            now,
            currency=self._currency(customer, params, items),
        )
        method = params.get("collection_method", "charge_automatically")
        invoice.update({name: params[name] for name in _COPIED if name in params})
        invoice.update(
            auto_advance=params.get("auto_advance", False),
            collection_method=method,
            metadata=merge_metadata({}, params.get("metadata", {})),
            statement_descriptor=params.get("statement_descriptor"),
            **self._due(method, params, None),
        )
        self._schedule(invoice)
        held = () if subscription is None else subscription["discounts"]
        invoice["discounts"] = self._discounts.of_invoice(invoice, params.get("discounts"), held)
        self._discounts.recompute(invoice)
        self._backend.objects.insert(invoice, _days(params))
        self._backend.events.record("invoice.created", invoice, call.request)
        self._items.put_on(identifier, items)
        return invoice

    def _pending(
        self, customer: Object, subscription: Object | None, params: dict[str, Any]
    ) -> list[Object]:
        """The items that go on the new invoice."""
        if params.get("pending_invoice_items_behavior") != "include":
            return []
        found = self._items.waiting(
            customer["id"], None if subscription is None else subscription["id"]
        )
        currency = self._currency(customer, params, found)
        return [item for item in found if item["currency"] == currency]

    def _currency(self, customer: Object, params: dict[str, Any], items: list[Object]) -> str:
        if "currency" in params:
            return parse_currency(params["currency"], "currency")
        if items:
            return str(items[0]["currency"])
        return customer.get("currency") or "usd"

    def _due(self, method: str, params: dict[str, Any], former: int | None) -> Object:
        """The `due_date`. StripeError: an invoice that is sent has none, or another one has."""
        given = [name for name in _DUE if params.get(name) is not None]
        errors.check_exclusive(dict.fromkeys(given), *_DUE)
        if method != "send_invoice":
            if given:
                raise errors.invalid(
                    "You can only specify 'due_date' or 'days_until_due' if invoice collection "
                    "method is 'send_invoice'."
                )
            return {"due_date": None}
        if not given and former is None:
            raise errors.invalid(
                "If invoice collection method is 'send_invoice', you must specify 'due_date' or "
                "'days_until_due'."
            )
        if "days_until_due" in given:
            return {"due_date": self._backend.clock.now() + params["days_until_due"] * DAY}
        return {"due_date": params.get("due_date", former)}

    def _check_method(self, params: dict[str, Any]) -> None:
        if params.get("default_payment_method"):
            named = params["default_payment_method"]
            self._backend.require("payment_method", named, "default_payment_method")

    def _schedule(self, invoice: Object) -> None:
        """Have a draft that advances by itself finalized in an hour."""
        due = None
        if invoice["auto_advance"]:
            due = self._backend.clock.now() + DRAFT_SECONDS
            self._jobs.add(due, JobKind.INVOICE_FINALIZATION, invoice["id"])
        invoice["automatically_finalizes_at"] = due
        charged = invoice["collection_method"] == "charge_automatically"
        invoice["next_payment_attempt"] = due if charged else None

    def _update(self, call: Call) -> Object:
        """Records `invoice.updated` if anything differs."""
        invoice, changes = self._require(call), dict(call.params)
        fixed = sorted(changes.keys() - _AFTER_FINALIZATION)
        if invoice["status"] != "draft" and fixed:
            raise errors.invalid("Finalized invoices can't be updated in this way", fixed[0])
        self._check_method(changes)
        former = deepcopy(invoice)
        if {"collection_method", *_DUE} & changes.keys():
            method: str = changes.get("collection_method") or invoice["collection_method"]
            changes |= self._due(method, changes, invoice["due_date"])
            self._backend.objects.save_hidden("invoice", invoice["id"], _days(changes))
            changes.pop("days_until_due", None)
        if "metadata" in changes:
            changes["metadata"] = merge_metadata(invoice["metadata"], changes["metadata"])
        if "discounts" in changes:
            changes["discounts"] = self._discounts.of_invoice(invoice, changes["discounts"])
        apply_changes(invoice, changes)
        if "discounts" in changes:
            self._discounts.recompute(invoice)
        if "auto_advance" in changes and changes["auto_advance"] != former.get("auto_advance"):
            if invoice["status"] == "draft":
                self._schedule(invoice)
            else:
                self._collection.schedule(invoice)
        previous = former_values(former, invoice)
        self._backend.objects.save(invoice)
        if previous:
            self._backend.events.record("invoice.updated", invoice, call.request, previous)
        return invoice

    def _delete(self, call: Call) -> Object:
        """Its items go with it. Records `invoice.deleted`."""
        invoice = self._require(call)
        if invoice["status"] != "draft":
            raise errors.invalid("You can only delete draft invoices.")
        if invoice["parent"] is not None:
            raise errors.invalid(
                "You can only delete draft invoices that belong to no subscription. Void the "
                "invoice instead."
            )
        for item in self._backend.objects.ids("invoiceitem", "invoice = ?", (invoice["id"],)):
            self._backend.objects.delete("invoiceitem", item)
        self._backend.objects.mark_deleted("invoice", invoice["id"])
        self._backend.events.record("invoice.deleted", invoice, call.request)
        return deleted_object(invoice)

    def _send(self, call: Call) -> Object:
        """Records `invoice.sent`; a draft is finalized first."""
        invoice = self._require(call)
        if invoice["collection_method"] != "send_invoice":
            raise errors.invalid(
                "You can only manually send an invoice if its collection method is 'send_invoice'."
            )
        if invoice["status"] == "draft":
            self._collection.finalize(invoice)
        elif invoice["status"] != "open":
            raise errors.invalid(
                "This invoice cannot be sent right now. Please contact us via "
                "https://support.stripe.com/contact with details, so we can help."
            )
        self._backend.events.record("invoice.sent", invoice, call.request)
        return invoice


def _days(params: dict[str, Any]) -> Object:
    """What is stored of an invoice and shown in no answer: its `due_date` counts from when it is
    finalized."""
    days = params.get("days_until_due")
    return {} if days is None else {"days_until_due": days}
