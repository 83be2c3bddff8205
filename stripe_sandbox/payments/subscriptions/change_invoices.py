"""The invoices of changes that are charged at once
(https://docs.stripe.com/billing/subscriptions/change-price#immediate-payment)."""

from __future__ import annotations

from stripe_sandbox import errors
from stripe_sandbox.backend import Backend
from stripe_sandbox.payment_methods import cards
from stripe_sandbox.payment_methods.cards import CardRefusal
from stripe_sandbox.payments.invoices.invoice_collection import InvoiceCollection
from stripe_sandbox.resources.billing.invoice_drafts import InvoiceDrafts
from stripe_sandbox.resources.billing.invoice_items import InvoiceItems
from stripe_sandbox.resources.billing.subscriptions import Subscriptions
from stripe_sandbox.storage.objects import Object

DEFAULT_BEHAVIOR = "allow_incomplete"


class ChangeInvoices:
    """Invoices what is pending of a subscription, and collects it."""

    def __init__(
        self,
        backend: Backend,
        subscriptions: Subscriptions,
        drafts: InvoiceDrafts,
        invoice_items: InvoiceItems,
        collection: InvoiceCollection,
    ) -> None:
        self._backend = backend
        self._subscriptions = subscriptions
        self._drafts = drafts
        self._invoice_items = invoice_items
        self._collection = collection

    def create(
        self,
        subscription: Object,
        *,
        begins_anew: bool = False,
        behavior: str = DEFAULT_BEHAVIOR,
    ) -> None:
        """Invoice what is pending and, where the period `begins_anew`, that period; pay it as the
        `payment_behavior` says. StripeError: by that, nothing is to be changed."""
        pending = self._invoice_items.pending(subscription)
        items = subscription["items"]["data"] if begins_anew else []
        if not items and not pending:
            return
        customer = self._backend.require("customer", subscription["customer"], "customer")
        invoice = self._drafts.create_update(subscription, customer, pending, items)
        self._subscriptions.change(subscription, {"latest_invoice": invoice["id"]})
        self._collection.finalize(invoice)
        if invoice["status"] != "open":
            return
        if invoice["collection_method"] == "send_invoice":
            self._collection.send(invoice)
            return
        if behavior == "default_incomplete":
            self._collection.prepare(invoice)
            if subscription["status"] == "active":
                self._subscriptions.change(subscription, {"status": "past_due"})
            return
        refusal = self._collection.collect(invoice)
        if refusal is not None and behavior == "error_if_incomplete":
            raise incomplete(refusal)


def check_behavior(behavior: str) -> None:
    """Raise a StripeError for the `payment_behavior` that the sandbox does not simulate."""
    if behavior == "pending_if_incomplete":
        raise errors.not_simulated("payment_behavior", f"payment_behavior={behavior}")


def incomplete(refusal: CardRefusal) -> errors.StripeError:
    """The payment that `error_if_incomplete` asks for did not succeed."""
    if refusal is cards.AUTHENTICATION_REQUIRED:
        return errors.card_error(
            "Payment for this subscription requires additional user action before it can be "
            "completed successfully. Payment can be completed using the PaymentIntent associated "
            "with `subscription.latest_invoice`.",
            "subscription_payment_intent_requires_action",
            None,
        )
    return errors.card_error(refusal.message, refusal.code, refusal.decline_code)
