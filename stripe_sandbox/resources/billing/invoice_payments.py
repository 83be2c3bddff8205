"""Invoice payments (https://docs.stripe.com/api/invoice-payment): which PaymentIntent is to pay
which invoice."""

from __future__ import annotations

from typing import Any

from stripe.params._invoice_payment_list_params import InvoicePaymentListParams
from stripe.params._invoice_payment_retrieve_params import InvoicePaymentRetrieveParams

from stripe_sandbox import errors
from stripe_sandbox.api.pagination import pick
from stripe_sandbox.ids import new_id
from stripe_sandbox.resources.resource import Resource
from stripe_sandbox.schema.objects import build
from stripe_sandbox.storage.objects import Object, Window


class InvoicePayments(Resource):
    """Creates, pays and shows invoice payments."""

    kind = "invoice_payment"
    url = "/v1/invoice_payments"
    id_param = "invoice_payment"
    retrieve_params = InvoicePaymentRetrieveParams
    list_params = InvoicePaymentListParams
    filters = ("created", "invoice", "payment.payment_intent", "payment.type", "status")

    def create(self, invoice: Object, intent: Object) -> Object:
        """The open payment of the invoice by the intent. The intent's `payment_details` name the
        invoice; storing the intent is the caller's."""
        intent["payment_details"] = build(
            "payment_intent.PaymentDetails", {"order_reference": invoice["id"]}
        )
        payment = build(
            self.kind,
            {
                "id": new_id("inpay"),
                "object": self.kind,
                "amount_requested": invoice["amount_due"],
                "created": self._backend.clock.now(),
                "currency": invoice["currency"],
                "invoice": invoice["id"],
                "is_default": True,
                "livemode": False,
                "payment": build(
                    "invoice_payment.Payment",
                    {"payment_intent": intent["id"], "type": "payment_intent"},
                ),
                "status": "open",
                "status_transitions": build("invoice_payment.StatusTransitions", {}),
            },
        )
        self._backend.objects.insert(payment)
        self._backend.events.record_thin("invoice_payment.created", payment)
        return payment

    def of_intent(self, intent: str) -> Object | None:
        """The payment that is to be made by the intent of that id, or None."""
        found = self._backend.objects.ids(self.kind, "payment_intent = ?", (intent,), 1)
        return self._backend.require(self.kind, found[0], self.kind) if found else None

    def pay(self, intent: str) -> None:
        """Mark the payment by the intent of that id, if there is one, as paid. Records
        `invoice_payment.paid`."""
        payment = self.of_intent(intent)
        if payment is None:
            return
        now = self._backend.clock.now()
        payment.update(
            amount_paid=payment["amount_requested"],
            status="paid",
            status_transitions={**payment["status_transitions"], "paid_at": now},
        )
        self._backend.objects.save(payment)
        self._backend.events.record("invoice_payment.paid", payment)

    def cancel(self, payment: Object) -> None:
        """Mark an open payment as never to be made."""
        now = self._backend.clock.now()
        transitions = {**payment["status_transitions"], "canceled_at": now}
        payment.update(status="canceled", status_transitions=transitions)
        self._backend.objects.save(payment)
        self._backend.events.record_thin("invoice_payment.canceled", payment)

    def of_invoice(self, invoice: Object) -> Object:
        """The list object of the invoice's payments."""
        filters = {"invoice": invoice["id"]}
        url = f"{self.url}?invoice={invoice['id']}"
        return self._backend.page(self.kind, url, filters, Window()).to_object()

    def _conditions(self, params: dict[str, Any]) -> dict[str, Any]:
        payment = params.get("payment", {"type": "payment_intent"})
        if payment["type"] != "payment_intent":
            raise errors.not_simulated("payment[type]", f"payment[type]={payment['type']}")
        return {**pick(params, "invoice", "status"), **pick(payment, "payment_intent")}
