"""Invoices and their payments (https://docs.stripe.com/api/invoices), as far as a Checkout makes
them."""

from __future__ import annotations

from typing import Any

from stripe.params._invoice_line_item_list_params import InvoiceLineItemListParams
from stripe.params._invoice_list_params import InvoiceListParams
from stripe.params._invoice_payment_list_params import InvoicePaymentListParams
from stripe.params._invoice_payment_retrieve_params import InvoicePaymentRetrieveParams
from stripe.params._invoice_retrieve_params import InvoiceRetrieveParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import Call, Route
from stripe_sandbox.api.pagination import Page, paginate, pick, read_window
from stripe_sandbox.backend import Backend
from stripe_sandbox.ids import new_id
from stripe_sandbox.resources.invoice_lines import invoice_line
from stripe_sandbox.resources.invoice_object import KIND, PAYMENT, new_invoice, new_payment
from stripe_sandbox.schema.objects import apply_changes, build
from stripe_sandbox.storage.objects import Object, Window

URL = "/v1/invoices"
PAYMENTS_URL = "/v1/invoice_payments"


class Invoices:
    """Makes, pays and shows invoices."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def routes(self) -> list[Route]:
        """The endpoints."""
        return [
            Route.listing(
                URL,
                self._list,
                InvoiceListParams,
                KIND,
                ("collection_method", "created", "customer", "status", "subscription"),
            ),
            Route("GET", URL + "/:invoice", self._retrieve, InvoiceRetrieveParams, KIND),
            Route.listing(
                URL + "/:invoice/lines", self._lines, InvoiceLineItemListParams, "line_item"
            ),
            Route.listing(
                PAYMENTS_URL,
                self._list_payments,
                InvoicePaymentListParams,
                PAYMENT,
                ("invoice", "payment.payment_intent", "payment.type", "status"),
            ),
            Route(
                "GET",
                PAYMENTS_URL + "/:invoice_payment",
                self._retrieve_payment,
                InvoicePaymentRetrieveParams,
                PAYMENT,
            ),
        ]

    def create_first(
        self, subscription: Object, customer: Object, line_items: list[Object]
    ) -> Object:
        """A subscription's first invoice, open, under the id that it names as its latest.

        Records `invoice.created` and `invoice.finalized`.
        """
        items = {item["price"]["id"]: item for item in subscription["items"]["data"]}
        identifier = subscription["latest_invoice"]
        now = self._backend.clock.now()
        lines = [
            invoice_line(identifier, subscription, line, items.get(line["price"]["id"]), now)
            for line in line_items
        ]
        invoice = new_invoice(
            identifier, subscription, customer, lines, "subscription_create", now, now
        )
        self._insert(invoice)
        self.finalize(invoice, customer)
        return invoice

    def create_renewal(self, subscription: Object, customer: Object, items: list[Object]) -> Object:
        """The draft of the invoice for the items' new period. Records `invoice.created`."""
        identifier = new_id("in")
        now = self._backend.clock.now()
        former = subscription["items"]["data"][0]["current_period_start"]
        lines = [
            invoice_line(identifier, subscription, self._line_of(item), item, now) for item in items
        ]
        invoice = new_invoice(
            identifier, subscription, customer, lines, "subscription_cycle", now, former
        )
        self._insert(invoice)
        return invoice

    def _line_of(self, item: Object) -> Object:
        """A subscription's item as a session's line."""
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

    def _insert(self, invoice: Object) -> None:
        self._backend.objects.insert(invoice)
        self._backend.events.record("invoice.created", invoice)

    def finalize(self, invoice: Object, customer: Object) -> None:
        """It is open, with a number. Records `invoice.finalized`."""
        now = self._backend.clock.now()
        number = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04}"
        customer["next_invoice_sequence"] += 1
        customer["currency"] = invoice["currency"]
        self._backend.objects.save(customer)
        invoice.update(
            effective_at=now,
            ending_balance=0,
            number=number,
            status="open",
            status_transitions={**invoice["status_transitions"], "finalized_at": now},
            webhooks_delivered_at=now,
        )
        self._backend.objects.save(invoice)
        self._backend.events.record("invoice.finalized", invoice)

    def attach_payment(self, invoice: Object, intent: Object) -> None:
        """Have the intent, not stored yet in that state, pay the invoice."""
        intent["payment_details"] = build(
            "payment_intent.PaymentDetails", {"order_reference": invoice["id"]}
        )
        payment = new_payment(invoice, intent["id"], self._backend.clock.now())
        self._backend.objects.insert(payment)

    def of_intent(self, intent: str) -> Object | None:
        """The invoice that the intent is to pay."""
        for identifier in self._backend.objects.ids(PAYMENT, "payment_intent = ?", (intent,), 1):
            payment = self._backend.require(PAYMENT, identifier, PAYMENT)
            return self._backend.require(KIND, payment["invoice"], KIND)
        return None

    def pay(self, invoice: Object, intent: Object | None) -> None:
        """The intent paid the invoice, or there was nothing to pay. Records `invoice.updated`,
        `invoice.paid`, `invoice.payment_succeeded`, and `invoice_payment.paid` for an intent."""
        now = self._backend.clock.now()
        total = invoice["total"]
        self._attempted(
            invoice,
            {
                "amount_paid": total,
                "amount_remaining": 0,
                "status": "paid",
                "status_transitions": {**invoice["status_transitions"], "paid_at": now},
            },
        )
        self._backend.events.record("invoice.paid", invoice)
        self._backend.events.record("invoice.payment_succeeded", invoice)
        if intent is None:
            return
        for identifier in self._backend.objects.ids(
            PAYMENT, "payment_intent = ?", (intent["id"],), 1
        ):
            payment = self._backend.require(PAYMENT, identifier, PAYMENT)
            payment.update(
                amount_paid=total,
                status="paid",
                status_transitions={**payment["status_transitions"], "paid_at": now},
            )
            self._backend.objects.save(payment)
            self._backend.events.record("invoice_payment.paid", payment)

    def fail(self, invoice: Object, *, authentication_required: bool) -> None:
        """Record a failed payment; the invoice stays open. `authentication_required`: it failed
        because the customer has to authenticate. Records `invoice.updated`,
        `invoice.payment_failed` and `invoice.payment_action_required`."""
        self._attempted(invoice, {})
        self._backend.events.record("invoice.payment_failed", invoice)
        if authentication_required:
            self._backend.events.record("invoice.payment_action_required", invoice)

    def _attempted(self, invoice: Object, changes: Object) -> None:
        attempt = {"attempt_count": invoice["attempt_count"] + 1, "attempted": True}
        previous = apply_changes(invoice, {**changes, **attempt})
        self._backend.objects.save(invoice)
        self._backend.events.record("invoice.updated", invoice, previous=previous)

    def payments(self, invoice: Object) -> Object:
        """Its payments, as an answer that expands them holds them."""
        filters = {"invoice": invoice["id"]}
        url = f"{PAYMENTS_URL}?invoice={invoice['id']}"
        return self._backend.page(PAYMENT, url, filters, Window()).value()

    def confirmation_secret(self, invoice: Object) -> Object | None:
        """The secret with which a browser confirms its payment."""
        payments = self.payments(invoice)["data"]
        if not payments:
            return None
        intent = self._backend.require(
            "payment_intent", payments[0]["payment"]["payment_intent"], "payment_intent"
        )
        return {"client_secret": intent["client_secret"], "type": "payment_intent"}

    def _required(self, call: Call) -> Object:
        return self._backend.require(KIND, call.ids[0], "invoice", status=404)

    def _retrieve(self, call: Call) -> Object:
        return self._required(call)

    def _lines(self, call: Call) -> Object:
        invoice = self._required(call)
        url = f"{URL}/{invoice['id']}/lines"
        return paginate(url, invoice["lines"]["data"], call.params, "line_item")

    def _list(self, call: Call) -> Page:
        filters = pick(call.params, "collection_method", "customer", "status", "subscription")
        return self._backend.page(KIND, URL, filters, read_window(call.params))

    def _retrieve_payment(self, call: Call) -> Object:
        return self._backend.require(PAYMENT, call.ids[0], PAYMENT, status=404)

    def _list_payments(self, call: Call) -> Page:
        filters: dict[str, Any] = pick(call.params, "invoice", "status")
        payment = call.params.get("payment", {"type": "payment_intent"})
        if payment["type"] != "payment_intent":
            raise errors.not_simulated("payment[type]", f"payment[type]={payment['type']}")
        filters |= pick(payment, "payment_intent")
        return self._backend.page(PAYMENT, PAYMENTS_URL, filters, read_window(call.params))
