"""The endpoints that finalize, collect and close an invoice (https://docs.stripe.com/api/invoices)."""

from __future__ import annotations

from stripe.params._invoice_finalize_invoice_params import InvoiceFinalizeInvoiceParams
from stripe.params._invoice_mark_uncollectible_params import InvoiceMarkUncollectibleParams
from stripe.params._invoice_pay_params import InvoicePayParams
from stripe.params._invoice_void_invoice_params import InvoiceVoidInvoiceParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import Call, Route
from stripe_sandbox.backend import Backend
from stripe_sandbox.payment_methods import cards
from stripe_sandbox.payments.invoices.invoice_collection import InvoiceCollection
from stripe_sandbox.payments.subscriptions.statuses import SubscriptionPayments
from stripe_sandbox.resources.billing.invoices import Invoices
from stripe_sandbox.storage.objects import Object

_NOT_OPEN = "You can only pass in open invoices. This invoice isn't open."
_PAY = ("off_session", "paid_out_of_band", "payment_method")


class InvoiceEndpoints:
    """Moves an invoice on because a request asks for it."""

    def __init__(
        self,
        backend: Backend,
        invoices: Invoices,
        collection: InvoiceCollection,
        subscription_payments: SubscriptionPayments,
    ) -> None:
        self._backend = backend
        self._invoices = invoices
        self._collection = collection
        self._subscription_payments = subscription_payments

    def routes(self) -> list[Route]:
        """The endpoints."""
        kind, path = self._invoices.kind, self._invoices.path
        finalize, void = InvoiceFinalizeInvoiceParams, InvoiceVoidInvoiceParams
        give_up = InvoiceMarkUncollectibleParams
        return [
            Route("POST", f"{path}/pay", self._pay, InvoicePayParams, kind, _PAY),
            Route("POST", f"{path}/finalize", self._finalize, finalize, kind, ("auto_advance",)),
            Route("POST", f"{path}/void", self._void, void, kind),
            Route("POST", f"{path}/mark_uncollectible", self._mark_uncollectible, give_up, kind),
        ]

    def _require(self, call: Call) -> Object:
        return self._backend.require("invoice", call.ids[0], "id", status=404)

    def _pay(self, call: Call) -> Object:
        invoice, params = self._require(call), call.params
        if invoice["status"] == "paid":
            raise errors.invalid("Invoice is already paid")
        if invoice["status"] == "void":
            raise errors.invalid(_NOT_OPEN)
        if invoice["status"] == "draft":
            self._collection.finalize(invoice)
            if invoice["status"] != "open":
                return invoice
        if params.get("paid_out_of_band"):
            self._subscription_payments.record_out_of_band(invoice)
            return invoice
        off_session = params.get("off_session", True)
        refusal = self._collection.collect(
            invoice, params.get("payment_method"), asked=True, off_session=off_session
        )
        if refusal is cards.AUTHENTICATION_REQUIRED and not off_session:
            raise errors.card_error(
                "Payment for this invoice requires additional user action before it can be "
                "completed successfully. Payment can be completed using the PaymentIntent "
                "associated with the invoice.",
                "invoice_payment_intent_requires_action",
                None,
                keeps_changes=True,
            )
        if refusal is not None:
            raise errors.card_error(
                refusal.message, refusal.code, refusal.decline_code, keeps_changes=True
            )
        return self._require(call)

    def _finalize(self, call: Call) -> Object:
        invoice = self._require(call)
        if invoice["status"] != "draft":
            raise errors.invalid(
                "This invoice is already finalized, you can't re-finalize a non-draft invoice."
            )
        if "auto_advance" in call.params:
            invoice["auto_advance"] = call.params["auto_advance"]
        self._collection.finalize(invoice)
        self._collection.schedule(invoice)
        self._backend.objects.save(invoice)
        return invoice

    def _void(self, call: Call) -> Object:
        invoice = self._require(call)
        if invoice["status"] == "paid":
            raise errors.invalid("Invoices with `paid` payments cannot be voided.")
        if invoice["status"] not in ("open", "uncollectible"):
            raise errors.invalid(_NOT_OPEN)
        self._collection.void(invoice, call.request)
        return invoice

    def _mark_uncollectible(self, call: Call) -> Object:
        invoice = self._require(call)
        if invoice["status"] == "uncollectible":
            raise errors.invalid("This invoice has already been marked uncollectible.")
        if invoice["status"] != "open":
            raise errors.invalid(_NOT_OPEN)
        self._invoices.mark_uncollectible(invoice, call.request)
        self._subscription_payments.forgive(invoice)
        return invoice
