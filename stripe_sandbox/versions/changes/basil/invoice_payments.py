"""An invoice's `payment_intent`, `charge` and `paid` gave way to its payments and its status, the
`invoice` of PaymentIntents and charges to the list of invoice payments."""

from __future__ import annotations

from stripe_sandbox.storage.objects import Object
from stripe_sandbox.versions.change import Change, FormerField, Lookup, id_of


def _intent_of_invoice(invoice: Object, objects: Lookup) -> str | None:
    if invoice["status"] == "draft":
        return None
    payment = objects.first("invoice_payment", "invoice", invoice["id"])
    return payment["payment"]["payment_intent"] if payment else None


def _charge_of_invoice(invoice: Object, objects: Lookup) -> str | None:
    identifier = _intent_of_invoice(invoice, objects) if invoice["attempted"] else None
    intent = identifier and objects.get("payment_intent", identifier)
    return intent["latest_charge"] if intent else None


def _invoice_of_intent(intent: Object, objects: Lookup) -> str | None:
    payment = objects.first("invoice_payment", "payment_intent", intent["id"])
    return payment["invoice"] if payment else None


def _invoice_of_charge(charge: Object, objects: Lookup) -> str | None:
    held = charge["payment_intent"]
    payment = held and objects.first("invoice_payment", "payment_intent", id_of(held))
    return payment["invoice"] if payment else None


def _lower_invoice(invoice: Object, objects: Lookup) -> None:
    paid = invoice["status"] == "paid"
    payment = objects.first("invoice_payment", "invoice", invoice["id"]) if paid else None
    by_intent = payment is not None and payment["status"] == "paid"
    invoice["paid"] = paid
    invoice["paid_out_of_band"] = paid and invoice["amount_due"] > 0 and not by_intent
    del invoice["amount_overpaid"]


CHANGE = Change(
    "2025-03-31.basil",
    fields=(
        FormerField("invoice", "payment_intent", _intent_of_invoice, "payment_intent"),
        FormerField("invoice", "charge", _charge_of_invoice, "charge"),
        FormerField("payment_intent", "invoice", _invoice_of_intent, "invoice"),
        FormerField("charge", "invoice", _invoice_of_charge, "invoice"),
    ),
    answers={"invoice": _lower_invoice},
)
