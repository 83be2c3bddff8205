"""The shape of an invoice (https://docs.stripe.com/api/invoices/object) and of its lines
(https://docs.stripe.com/api/invoice-line-item)."""

from __future__ import annotations

from stripe_sandbox.api.pagination import list_object
from stripe_sandbox.currencies import format_amount
from stripe_sandbox.ids import new_id
from stripe_sandbox.schema.objects import build
from stripe_sandbox.storage.objects import Object


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
        "invoice",
        {
            "id": identifier,
            "object": "invoice",
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


def new_line(
    invoice: str, subscription: Object, line: Object, item: Object | None, now: int
) -> Object:
    """The invoice's line for a session's line; `item` is the subscription's, None for one-time."""
    price = line["price"]
    recurring = price["recurring"]
    quantity = line["quantity"]
    if recurring and item is not None:
        start, end = item["current_period_start"], item["current_period_end"]
        parent = build(
            "line_item.Parent",
            {
                "subscription_item_details": build(
                    "line_item.Parent.SubscriptionItemDetails",
                    {
                        "proration": False,
                        "proration_details": {"credited_items": None},
                        "subscription": subscription["id"],
                        "subscription_item": item["id"],
                    },
                ),
                "type": "subscription_item_details",
            },
        )
        every = f"{recurring['interval_count']} {recurring['interval']}s"
        rhythm = recurring["interval"] if recurring["interval_count"] == 1 else every
        amount = format_amount(price["unit_amount"], price["currency"], in_message=True)
        description = f"{quantity} × {line['description']} (at {amount} / {rhythm})"  # noqa: RUF001  # Stripe's own sign
    else:
        start = end = now
        parent = build(
            "line_item.Parent",
            {
                "invoice_item_details": build(
                    "line_item.Parent.InvoiceItemDetails",
                    {
                        "invoice_item": new_id("ii"),
                        "proration": False,
                        "proration_details": {"credited_items": None},
                        "subscription": subscription["id"],
                    },
                ),
                "type": "invoice_item_details",
            },
        )
        description = line["description"]
    return build(
        "line_item",
        {
            "id": new_id("il"),
            "object": "line_item",
            "amount": line["amount_total"],
            "currency": line["currency"],
            "description": description,
            "discount_amounts": [],
            "discountable": True,
            "discounts": [],
            "invoice": invoice,
            "livemode": False,
            "metadata": subscription["metadata"] if item else line["metadata"] or {},
            "parent": parent,
            "period": {"end": end, "start": start},
            "pretax_credit_amounts": [],
            "pricing": build(
                "line_item.Pricing",
                {
                    "price_details": {"price": price["id"], "product": price["product"]},
                    "type": "price_details",
                    "unit_amount_decimal": price["unit_amount_decimal"],
                },
            ),
            "quantity": quantity,
            "quantity_decimal": str(quantity),
            "subscription": subscription["id"],
            "subtotal": line["amount_subtotal"],
            "taxes": [],
        },
    )
