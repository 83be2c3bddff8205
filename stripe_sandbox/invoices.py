"""Invoices and their payments (https://docs.stripe.com/api/invoices), as far as a Checkout makes
them."""

from __future__ import annotations

from typing import Any

from stripe.params._invoice_line_item_list_params import InvoiceLineItemListParams
from stripe.params._invoice_list_params import InvoiceListParams
from stripe.params._invoice_payment_list_params import InvoicePaymentListParams
from stripe.params._invoice_payment_retrieve_params import InvoicePaymentRetrieveParams
from stripe.params._invoice_retrieve_params import InvoiceRetrieveParams

from stripe_sandbox.ids import new_id
from stripe_sandbox.invoice_lines import invoice_line
from stripe_sandbox.objects import Object, Window
from stripe_sandbox.pagination import Page, chosen, listed, sliced, window_of
from stripe_sandbox.shapes import shape, updated
from stripe_sandbox.world import Call, Route, World

KIND = "invoice"
URL = "/v1/invoices"
PAYMENT = "invoice_payment"
PAYMENTS_URL = "/v1/invoice_payments"


class Invoices:
    """Makes, pays and shows invoices."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        """The endpoints."""
        return [
            Route(
                "GET",
                URL,
                self._list,
                InvoiceListParams,
                KIND,
                ("collection_method", "created", "customer", "status", "subscription"),
                lists=True,
            ),
            Route("GET", URL + "/:invoice", self._retrieve, InvoiceRetrieveParams, KIND),
            Route(
                "GET",
                URL + "/:invoice/lines",
                self._lines,
                InvoiceLineItemListParams,
                "line_item",
                lists=True,
            ),
            Route(
                "GET",
                PAYMENTS_URL,
                self._list_payments,
                InvoicePaymentListParams,
                PAYMENT,
                ("invoice", "payment", "status"),
                lists=True,
            ),
            Route(
                "GET",
                PAYMENTS_URL + "/:invoice_payment",
                self._retrieve_payment,
                InvoicePaymentRetrieveParams,
                PAYMENT,
            ),
        ]

    def first(self, subscription: Object, customer: Object, line_items: list[Object]) -> Object:
        """A subscription's first invoice, open, under the id that it names as its latest.

        Records `invoice.created` and `invoice.finalized`.
        """
        now = self._world.clock.now()
        identifier = subscription["latest_invoice"]
        items = {item["price"]["id"]: item for item in subscription["items"]["data"]}
        lines = [
            invoice_line(identifier, subscription, line, items.get(line["price"]["id"]), now)
            for line in line_items
        ]
        total = sum(line["amount"] for line in lines)
        number = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04}"
        customer["next_invoice_sequence"] += 1
        customer["currency"] = subscription["currency"]
        self._world.objects.save(customer)
        invoice = shape(
            KIND,
            {
                "id": identifier,
                "object": KIND,
                "account_country": "US",
                "account_name": "Local sandbox",
                "amount_due": total,
                "amount_overpaid": 0,
                "amount_paid": 0,
                "amount_paid_off_stripe": 0,
                "amount_remaining": total,
                "amount_shipping": 0,
                "attempt_count": 0,
                "attempted": False,
                "auto_advance": False,
                "automatic_tax": shape("invoice.AutomaticTax", {"enabled": False}),
                "billing_reason": "subscription_create",
                "collection_method": "charge_automatically",
                "created": now,
                "currency": subscription["currency"],
                "customer": customer["id"],
                "customer_address": customer["address"],
                "customer_email": customer["email"],
                "customer_name": customer["name"],
                "customer_phone": customer["phone"],
                "customer_tax_exempt": customer["tax_exempt"],
                "customer_tax_ids": [],
                "default_tax_rates": [],
                "discounts": [],
                "issuer": shape("invoice.Issuer", {"type": "self"}),
                "lines": listed(f"{URL}/{identifier}/lines", lines),
                "livemode": False,
                "metadata": {},
                "parent": shape(
                    "invoice.Parent",
                    {
                        "subscription_details": shape(
                            "invoice.Parent.SubscriptionDetails",
                            {
                                "metadata": subscription["metadata"],
                                "subscription": subscription["id"],
                            },
                        ),
                        "type": "subscription_details",
                    },
                ),
                "payment_settings": shape("invoice.PaymentSettings", {}),
                "period_end": now,
                "period_start": now,
                "post_payment_credit_notes_amount": 0,
                "pre_payment_credit_notes_amount": 0,
                "starting_balance": 0,
                "status": "draft",
                "status_transitions": shape("invoice.StatusTransitions", {}),
                "subtotal": total,
                "subtotal_excluding_tax": total,
                "total": total,
                "total_discount_amounts": [],
                "total_excluding_tax": total,
                "total_pretax_credit_amounts": [],
                "total_taxes": [],
            },
        )
        self._world.objects.insert(invoice)
        self._world.events.record("invoice.created", invoice)
        invoice.update(
            effective_at=now,
            ending_balance=0,
            number=number,
            status="open",
            status_transitions={**invoice["status_transitions"], "finalized_at": now},
            webhooks_delivered_at=now,
        )
        self._world.objects.save(invoice)
        self._world.events.record("invoice.finalized", invoice)
        return invoice

    def pay(self, invoice: Object, intent: Object) -> None:
        """The intent paid the invoice. Records `invoice.updated`, `invoice.paid`,
        `invoice.payment_succeeded`, `invoice_payment.paid`."""
        now = self._world.clock.now()
        total = invoice["total"]
        payment = shape(
            PAYMENT,
            {
                "id": new_id("inpay"),
                "object": PAYMENT,
                "amount_paid": total,
                "amount_requested": total,
                "created": now,
                "currency": invoice["currency"],
                "invoice": invoice["id"],
                "is_default": True,
                "livemode": False,
                "payment": shape(
                    "invoice_payment.Payment",
                    {"payment_intent": intent["id"], "type": "payment_intent"},
                ),
                "status": "paid",
                "status_transitions": shape("invoice_payment.StatusTransitions", {"paid_at": now}),
            },
        )
        self._world.objects.insert(payment)
        previous = updated(
            invoice,
            {
                "amount_paid": total,
                "amount_remaining": 0,
                "attempt_count": 1,
                "attempted": True,
                "status": "paid",
                "status_transitions": {**invoice["status_transitions"], "paid_at": now},
            },
        )
        self._world.objects.save(invoice)
        self._world.events.record("invoice.updated", invoice, previous=previous)
        self._world.events.record("invoice.paid", invoice)
        self._world.events.record("invoice.payment_succeeded", invoice)
        self._world.events.record("invoice_payment.paid", payment)

    def payments(self, invoice: Object) -> Object:
        """Its payments, as an answer that expands them holds them."""
        filters = {"invoice": invoice["id"]}
        url = f"{PAYMENTS_URL}?invoice={invoice['id']}"
        return self._world.page(PAYMENT, url, filters, Window()).value()

    def confirmation_secret(self, invoice: Object) -> Object | None:
        """The secret with which a browser confirms its payment."""
        payments = self.payments(invoice)["data"]
        if not payments:
            return None
        intent = self._world.require(
            "payment_intent", payments[0]["payment"]["payment_intent"], "payment_intent"
        )
        return {"client_secret": intent["client_secret"], "type": "payment_intent"}

    def _required(self, call: Call) -> Object:
        return self._world.require(KIND, call.ids[0], "invoice", status=404)

    def _retrieve(self, call: Call) -> Object:
        return self._required(call)

    def _lines(self, call: Call) -> Object:
        invoice = self._required(call)
        url = f"{URL}/{invoice['id']}/lines"
        return sliced(url, invoice["lines"]["data"], call.params, "line_item")

    def _list(self, call: Call) -> Page:
        filters = chosen(call.params, "collection_method", "customer", "status", "subscription")
        return self._world.page(KIND, URL, filters, window_of(call.params))

    def _retrieve_payment(self, call: Call) -> Object:
        return self._world.require(PAYMENT, call.ids[0], PAYMENT, status=404)

    def _list_payments(self, call: Call) -> Page:
        filters: dict[str, Any] = chosen(call.params, "invoice", "status")
        if "payment" in call.params:
            filters["payment_intent"] = call.params["payment"].get("payment_intent")
        return self._world.page(PAYMENT, PAYMENTS_URL, filters, window_of(call.params))
