"""Invoices (https://docs.stripe.com/api/invoices): what becomes of them, and how they are
shown."""

from __future__ import annotations

from typing import Any

from stripe.params._invoice_line_item_list_params import InvoiceLineItemListParams
from stripe.params._invoice_list_params import InvoiceListParams
from stripe.params._invoice_retrieve_params import InvoiceRetrieveParams

from stripe_sandbox.api.endpoint import NO_REQUEST, Call, RequestInfo, Route
from stripe_sandbox.api.expand import Include
from stripe_sandbox.api.pagination import paginate
from stripe_sandbox.backend import Backend
from stripe_sandbox.ids import new_id
from stripe_sandbox.resources.billing.discounts import Discounts
from stripe_sandbox.resources.billing.invoice_discounts import AppliedDiscount
from stripe_sandbox.resources.billing.invoice_object import (
    apply_balance,
    hidden_of,
    new_invoice,
    new_line,
)
from stripe_sandbox.resources.billing.invoice_payments import InvoicePayments
from stripe_sandbox.resources.billing.new_invoice_items import items_of
from stripe_sandbox.resources.customers.customers import Customers
from stripe_sandbox.resources.resource import Resource
from stripe_sandbox.schema.objects import apply_changes, sdk_class
from stripe_sandbox.storage.objects import Object


class Invoices(Resource):
    """Creates, finalizes, pays and shows invoices."""

    kind = "invoice"
    url = "/v1/invoices"
    id_param = "invoice"
    retrieve_params = InvoiceRetrieveParams
    list_params = InvoiceListParams
    filters = (
        *("collection_method", "created", "customer", "customer_account", "due_date", "status"),
        "subscription",
    )

    def __init__(
        self,
        backend: Backend,
        payments: InvoicePayments,
        customers: Customers,
        discounts: Discounts,
        base_url: str,
    ) -> None:
        """`base_url`: where people reach the sandbox, for the links to an invoice's page."""
        super().__init__(backend)
        self._payments = payments
        self._customers = customers
        self._discounts = discounts
        self._base_url = base_url

    def routes(self) -> list[Route]:
        """All endpoints."""
        lines = f"{self.path}/lines"
        return [
            *super().routes(),
            Route.listing(lines, self._list_lines, InvoiceLineItemListParams, "line_item"),
        ]

    def includes(self) -> dict[tuple[type, str], Include]:
        cls = sdk_class(self.kind)
        return {
            (cls, "payments"): self._payments.of_invoice,
            (cls, "confirmation_secret"): self._confirmation_secret,
        }

    def create_first(
        self,
        subscription: Object,
        customer: Object,
        line_items: list[Object],
        *,
        applies_balance: bool = True,
        opens: bool = True,
    ) -> Object:
        """A subscription's first invoice, under the id that it names as its latest; it `opens`, or
        stays a draft. `applies_balance`: the customer's balance lowers or raises what is due.

        Records `invoiceitem.created` for what was sold once, `invoice.created` and, where it opens,
        `invoice.finalized`.
        """
        items = {item["price"]["id"]: item for item in subscription["items"]["data"]}
        identifier = subscription["latest_invoice"]
        now = self._backend.clock.now()
        lines = [
            new_line(identifier, subscription, line, items.get(line["price"]["id"]), now)
            for line in line_items
        ]
        invoice = new_invoice(
            identifier, subscription, customer, lines, "subscription_create", now, now
        )
        self._discounts.apply(subscription, invoice)
        if opens:
            self._open(invoice, customer, applies_balance=applies_balance)
        else:
            self._insert(invoice, hidden_of(subscription))
        self._discounts.use_up(subscription, invoice)
        return invoice

    def create_one_time(
        self,
        customer: Object,
        line_items: list[Object],
        given: dict[str, Any],
        discounts: list[AppliedDiscount],
    ) -> Object:
        """An open, discounted invoice for one-time items; `given` holds what else it says. Records
        `invoiceitem.created`, `invoice.created` and `invoice.finalized`."""
        identifier, now = new_id("in"), self._backend.clock.now()
        lines = [new_line(identifier, None, line, None, now) for line in line_items]
        invoice = new_invoice(identifier, None, customer, lines, "manual", now, now)
        invoice.update(given)
        invoice["discounts"] = self._discounts.give(invoice, discounts, redeems=False)
        self._discounts.recompute(invoice)
        return self._open(invoice, customer, applies_balance=False)

    def _open(self, invoice: Object, customer: Object, *, applies_balance: bool) -> Object:
        self._insert(invoice)
        self.finalize(invoice, customer, applies_balance=applies_balance)
        return invoice

    def _insert(self, invoice: Object, hidden: Object | None = None) -> None:
        for item in items_of(invoice):
            self._backend.objects.insert(item)
            self._backend.events.record("invoiceitem.created", item)
        self._backend.objects.insert(invoice, hidden)
        self._backend.events.record("invoice.created", invoice)

    def finalize(self, invoice: Object, customer: Object, *, applies_balance: bool = True) -> None:
        """Open the draft, with a number; unless `applies_balance` is false, the customer's balance
        lowers or raises what is due, and a net credit goes to it. Records `invoice.finalized` and,
        where the balance has changed, `customer.updated`."""
        now = self._backend.clock.now()
        number = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04}"
        starting = customer["balance"] if applies_balance else 0
        due, ending = apply_balance(invoice["total"], starting, invoice["currency"])
        customer["next_invoice_sequence"] += 1
        customer["currency"] = invoice["currency"]
        self._backend.objects.save(customer)
        invoice.update(
            amount_due=due,
            amount_remaining=due,
            automatically_finalizes_at=None,
            effective_at=now,
            ending_balance=ending,
            hosted_invoice_url=f"{self._base_url}/i/{invoice['id']}",
            number=number,
            starting_balance=starting,
            status="open",
            status_transitions={**invoice["status_transitions"], "finalized_at": now},
            webhooks_delivered_at=now,
        )
        self._backend.objects.save(invoice)
        self._backend.events.record("invoice.finalized", invoice)
        if applies_balance:
            self._customers.apply_invoice(customer, invoice)

    def rebase(self, old: str, new: str) -> None:
        """Have the links to invoices begin with the URL `new` instead of `old`."""
        self._backend.objects.rebase(self.kind, "hosted_invoice_url", old, new)

    def of_intent(self, intent: str) -> Object | None:
        """The invoice that the intent of that id is to pay, or None."""
        payment = self._payments.of_intent(intent)
        return payment and self._backend.require(self.kind, payment["invoice"], self.kind)

    def pay(self, invoice: Object, intent: Object | None, *, asked: bool = False) -> None:
        """Mark the invoice as paid by the intent (None: there was nothing to pay). `asked`:
        somebody asked for it, which counts as an attempt only where it is the first. Records
        `invoice.updated`, `invoice.paid`, `invoice.payment_succeeded`, and `invoice_payment.paid`
        for an intent."""
        if asked and invoice["attempted"]:
            self._change(invoice, self._paid(invoice))
        else:
            self._attempted(invoice, self._paid(invoice))
        self._backend.events.record("invoice.paid", invoice)
        self._backend.events.record("invoice.payment_succeeded", invoice)
        if intent is not None:
            self._payments.pay(intent["id"])

    def pay_out_of_band(self, invoice: Object) -> None:
        """Mark the invoice as paid by other means than Stripe's. Records `invoice.updated` and
        `invoice.paid`."""
        self._change(invoice, self._paid(invoice))
        self._backend.events.record("invoice.paid", invoice)

    def _paid(self, invoice: Object) -> Object:
        """What changes when all that is due has been paid."""
        now = self._backend.clock.now()
        return {
            "amount_paid": invoice["amount_due"],
            "amount_remaining": 0,
            "auto_advance": False,
            "next_payment_attempt": None,
            "status": "paid",
            "status_transitions": {**invoice["status_transitions"], "paid_at": now},
        }

    def void(self, invoice: Object, request: RequestInfo = NO_REQUEST) -> None:
        """Nobody has to pay it any more, and what it took of the customer's balance goes back.
        Records `invoice.updated` and `invoice.voided`, and `customer.updated` for the balance."""
        self._close(invoice, "void", "voided_at", request)
        self._backend.events.record("invoice.voided", invoice, request)
        customer = self._backend.objects.get("customer", invoice["customer"])
        if customer is not None:
            self._customers.unapply_invoice(customer, invoice)

    def mark_uncollectible(self, invoice: Object, request: RequestInfo = NO_REQUEST) -> None:
        """It is not expected to be paid. Records `invoice.updated` and
        `invoice.marked_uncollectible`."""
        self._close(invoice, "uncollectible", "marked_uncollectible_at", request)
        self._backend.events.record("invoice.marked_uncollectible", invoice, request)

    def _close(self, invoice: Object, status: str, moment: str, request: RequestInfo) -> None:
        now = self._backend.clock.now()
        self._change(
            invoice,
            {
                "auto_advance": False,
                "next_payment_attempt": None,
                "status": status,
                "status_transitions": {**invoice["status_transitions"], moment: now},
            },
            request,
        )

    def _change(self, invoice: Object, changes: Object, request: RequestInfo = NO_REQUEST) -> None:
        previous = apply_changes(invoice, changes)
        self._backend.objects.save(invoice)
        self._backend.events.record("invoice.updated", invoice, request, previous)

    def fail(
        self, invoice: Object, next_attempt: int | None, *, authentication_required: bool
    ) -> None:
        """Record a failed payment; the invoice stays open. `next_attempt`: when it is tried again,
        in Unix seconds. `authentication_required`: it failed because the customer has to
        authenticate. Records `invoice.updated`,
        `invoice.payment_failed` and `invoice.payment_action_required`."""
        self._attempted(
            invoice,
            {"auto_advance": next_attempt is not None, "next_payment_attempt": next_attempt},
        )
        self.record_failure(invoice, authentication_required=authentication_required)

    def record_failure(self, invoice: Object, *, authentication_required: bool) -> None:
        """Record `invoice.payment_failed`, and `invoice.payment_action_required` where the
        customer has to authenticate, and nothing else."""
        self._backend.events.record("invoice.payment_failed", invoice)
        if authentication_required:
            self._backend.events.record("invoice.payment_action_required", invoice)

    def _attempted(self, invoice: Object, changes: Object) -> None:
        attempt = {"attempt_count": invoice["attempt_count"] + 1, "attempted": True}
        self._change(invoice, {**changes, **attempt})

    def _confirmation_secret(self, invoice: Object) -> Object | None:
        """The secret with which a browser confirms its payment."""
        payments = self._payments.of_invoice(invoice)["data"]
        if not payments:
            return None
        intent = self._backend.require(
            "payment_intent", payments[0]["payment"]["payment_intent"], "payment_intent"
        )
        return {"client_secret": intent["client_secret"], "type": "payment_intent"}

    def _list_lines(self, call: Call) -> Object:
        invoice = self._require(call)
        url = f"{self.url}/{invoice['id']}/lines"
        return paginate(url, invoice["lines"]["data"], call.params, "line_item")
