"""The shape of an invoice (https://docs.stripe.com/api/invoices/object)."""

from __future__ import annotations

from stripe_sandbox.api.pagination import list_object
from stripe_sandbox.ids import new_id
from stripe_sandbox.schema.objects import build
from stripe_sandbox.storage.objects import Object

KIND = "invoice"
PAYMENT = "invoice_payment"


def new_invoice(
    identifier: str,
    subscription: Object,
    customer: Object,
    lines: list[Object],
    reason: str,
    now: int,
    period_start: int,
) -> Object:
    """A subscription's draft invoice, for the period that ends now."""
    period_end = now
    total = sum(line["amount"] for line in lines)
    return build(
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
            "automatic_tax": build("invoice.AutomaticTax", {"enabled": False}),
            "billing_reason": reason,
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
            "issuer": build("invoice.Issuer", {"type": "self"}),
            "lines": list_object(f"/v1/invoices/{identifier}/lines", lines),
            "livemode": False,
            "metadata": {},
            "parent": build(
                "invoice.Parent",
                {
                    "subscription_details": build(
                        "invoice.Parent.SubscriptionDetails",
                        {
                            "metadata": subscription["metadata"],
                            "subscription": subscription["id"],
                        },
                    ),
                    "type": "subscription_details",
                },
            ),
            "payment_settings": build("invoice.PaymentSettings", {}),
            "period_end": period_end,
            "period_start": period_start,
            "post_payment_credit_notes_amount": 0,
            "pre_payment_credit_notes_amount": 0,
            "starting_balance": 0,
            "status": "draft",
            "status_transitions": build("invoice.StatusTransitions", {}),
            "subtotal": total,
            "subtotal_excluding_tax": total,
            "total": total,
            "total_discount_amounts": [],
            "total_excluding_tax": total,
            "total_pretax_credit_amounts": [],
            "total_taxes": [],
        },
    )


def new_payment(invoice: Object, intent: str, now: int) -> Object:
    """The tie between an invoice and the intent that is to pay it, open."""
    return build(
        PAYMENT,
        {
            "id": new_id("inpay"),
            "object": PAYMENT,
            "amount_requested": invoice["total"],
            "created": now,
            "currency": invoice["currency"],
            "invoice": invoice["id"],
            "is_default": True,
            "livemode": False,
            "payment": build(
                "invoice_payment.Payment",
                {"payment_intent": intent, "type": "payment_intent"},
            ),
            "status": "open",
            "status_transitions": build("invoice_payment.StatusTransitions", {}),
        },
    )
