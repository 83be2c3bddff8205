"""The lines of an invoice (https://docs.stripe.com/api/invoice-line-item)."""

from __future__ import annotations

from stripe_sandbox.currencies import shown
from stripe_sandbox.ids import new_id
from stripe_sandbox.schema.objects import build
from stripe_sandbox.storage.objects import Object


def invoice_line(
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
        amount = shown(price["unit_amount"], price["currency"])
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
