"""Drafts of invoices for subscriptions that run (https://docs.stripe.com/api/invoices)."""

from __future__ import annotations

from stripe_sandbox.backend import Backend
from stripe_sandbox.ids import new_id
from stripe_sandbox.resources.billing.discounts import Discounts
from stripe_sandbox.resources.billing.invoice_items import InvoiceItems
from stripe_sandbox.resources.billing.invoice_object import (
    apply_balance,
    hidden_of,
    new_invoice,
    new_item_line,
    new_line,
)
from stripe_sandbox.storage.objects import Object


class InvoiceDrafts:
    """Drafts invoices of renewals and of changes, with the prorations that wait for them."""

    def __init__(self, backend: Backend, items: InvoiceItems, discounts: Discounts) -> None:
        self._backend = backend
        self._items = items
        self._discounts = discounts

    def create_renewal(
        self,
        subscription: Object,
        customer: Object,
        items: list[Object],
        finalizes_at: int | None,
    ) -> Object:
        """The draft of the invoice for the items' new period; it stays one where `finalizes_at`
        (Unix seconds) is None. Records `invoice.created`."""
        former = subscription["items"]["data"][0]["current_period_start"]
        pending = self._items.pending(subscription)
        invoice = self._new(subscription, customer, pending, items, "subscription_cycle", former)
        invoice.update(
            auto_advance=finalizes_at is not None,
            automatically_finalizes_at=finalizes_at,
            next_payment_attempt=None
            if invoice["collection_method"] == "send_invoice"
            else finalizes_at,
        )
        self._insert(subscription, invoice)
        self._items.put_on(invoice["id"], pending)
        return invoice

    def create_update(
        self,
        subscription: Object,
        customer: Object,
        pending: list[Object],
        items: list[Object],
    ) -> Object:
        """The draft of an invoice for pending prorations and the period of the items, if any.
        Records `invoice.created`."""
        now = self._backend.clock.now()
        invoice = self._new(subscription, customer, pending, items, "subscription_update", now)
        self._insert(subscription, invoice)
        self._items.put_on(invoice["id"], pending)
        return invoice

    def announce(
        self,
        subscription: Object,
        customer: Object,
        items: list[Object],
        due: int,
        finalizes_at: int,
    ) -> None:
        """Record `invoice.upcoming`: the invoice that the renewal at `due` will make, which is not
        stored."""
        former = subscription["items"]["data"][0]["current_period_start"]
        invoice = self.preview(subscription, customer, items, former, due, finalizes_at)
        self._backend.events.record("invoice.upcoming", invoice)

    def preview(
        self,
        subscription: Object,
        customer: Object,
        items: list[Object],
        period_start: int,
        due: int,
        finalizes_at: int,
    ) -> Object:
        """The invoice that would be made at `due`, in Unix seconds, of what is pending and of the
        items; it is not stored."""
        pending = self._items.pending(subscription)
        invoice = self._new(subscription, customer, pending, items, "upcoming", period_start)
        amount, _ = apply_balance(invoice["total"], customer["balance"], invoice["currency"])
        invoice.update(
            id=new_id("upcoming_in"),
            amount_due=amount,
            amount_remaining=amount,
            created=due,
            next_payment_attempt=finalizes_at,
            period_end=due,
        )
        return invoice

    def _new(
        self,
        subscription: Object,
        customer: Object,
        pending: list[Object],
        items: list[Object],
        reason: str,
        period_start: int,
    ) -> Object:
        identifier = new_id("in")
        now = self._backend.clock.now()
        lines = [
            *(new_item_line(identifier, item) for item in pending),
            *(
                new_line(identifier, subscription, self._charged(subscription, item), item, now)
                for item in items
            ),
        ]
        invoice = new_invoice(identifier, subscription, customer, lines, reason, now, period_start)
        self._discounts.apply(subscription, invoice)
        return invoice

    def _charged(self, subscription: Object, item: Object) -> Object:
        """The line for the item's period, which costs nothing if it is a trial."""
        line = self.line_of(item)
        ends_with_trial = item["current_period_end"] == subscription["trial_end"]
        if subscription["status"] == "trialing" and ends_with_trial:
            line.update(amount_subtotal=0, amount_total=0)
        return line

    def line_of(self, item: Object) -> Object:
        """A subscription's item (`price`, `quantity`, `metadata`) as a session's line."""
        price = item["price"]
        product = self._backend.require("product", price["product"], "product")
        amount = price["unit_amount"] * item["quantity"]
        return {
            "amount_subtotal": amount,
            "amount_total": amount,
            "currency": price["currency"],
            "description": product["name"],
            "metadata": item["metadata"],
            "price": price,
            "quantity": item["quantity"],
        }

    def _insert(self, subscription: Object, invoice: Object) -> None:
        self._backend.objects.insert(invoice, hidden_of(subscription))
        self._backend.events.record("invoice.created", invoice)
        self._discounts.use_up(subscription, invoice)
