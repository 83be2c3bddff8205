"""The shape of an invoice (https://docs.stripe.com/api/invoices/object) and of its lines
(https://docs.stripe.com/api/invoice-line-item)."""

from __future__ import annotations

from stripe_sandbox.api.pagination import list_object
from stripe_sandbox.currencies import MINIMUM, format_amount
from stripe_sandbox.ids import new_id
from stripe_sandbox.schema.objects import build
from stripe_sandbox.storage.objects import Object


def new_invoice(
    identifier: str,
    subscription: Object | None,
    customer: Object,
    lines: list[Object],
    reason: str,
    now: int,
    period_start: int,
    *,
    currency: str = "",
) -> Object:
    """A draft invoice, a subscription's or, in the `currency` (its lines' where none is given), for
    items alone, for the period that ends now. Its `amount_due` is without the customer's balance,
    which counts when it is finalized."""
    period_end = now
    return build(
        "invoice",
        {
            "id": identifier,
            "object": "invoice",
            "account_country": "US",
            "account_name": "Local sandbox",
            "amount_overpaid": 0,
            "amount_paid": 0,
            "amount_paid_off_stripe": 0,
            "amount_shipping": 0,
            "attempt_count": 0,
            "attempted": False,
            "auto_advance": False,
            "automatic_tax": build("invoice.AutomaticTax", {"enabled": False}),
            "billing_reason": reason,
            "collection_method": subscription["collection_method"]
            if subscription
            else "charge_automatically",
            "created": now,
            "currency": subscription["currency"]
            if subscription
            else currency or lines[0]["currency"],
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
            "parent": subscription and _parent(subscription),
            "payment_settings": build("invoice.PaymentSettings", {}),
            "period_end": period_end,
            "period_start": period_start,
            "post_payment_credit_notes_amount": 0,
            "pre_payment_credit_notes_amount": 0,
            "starting_balance": customer["balance"],
            "status": "draft",
            "status_transitions": build("invoice.StatusTransitions", {}),
            "test_clock": customer["test_clock"],
            "total_discount_amounts": [],
            "total_pretax_credit_amounts": [],
            "total_taxes": [],
            **totals(lines),
        },
    )


def hidden_of(subscription: Object | None) -> Object:
    """What is stored of an invoice and shown in no answer: its `due_date` counts from when it is
    finalized."""
    days = None if subscription is None else subscription["days_until_due"]
    return {} if days is None else {"days_until_due": days}


def _parent(subscription: Object) -> Object:
    details = build(
        "invoice.Parent.SubscriptionDetails",
        {"metadata": subscription["metadata"], "subscription": subscription["id"]},
    )
    return build(
        "invoice.Parent", {"subscription_details": details, "type": "subscription_details"}
    )


def totals(lines: list[Object]) -> Object:
    """The fields of a draft that its lines add up to."""
    subtotal = sum(line["amount"] for line in lines)
    total = subtotal - sum(off["amount"] for line in lines for off in line["discount_amounts"])
    due = max(total, 0)
    return {
        "amount_due": due,
        "amount_remaining": due,
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal,
        "total": total,
        "total_excluding_tax": total,
    }


def new_line(
    invoice: str, subscription: Object | None, line: Object, item: Object | None, now: int
) -> Object:
    """The invoice's line for a session's line; `item` is the subscription's, None for one-time."""
    price = line["price"]
    recurring = price["recurring"]
    quantity = line["quantity"]
    metadata = line["metadata"] or {}
    subscription_id: str | None = subscription["id"] if subscription else None
    if recurring and item is not None and subscription is not None:
        metadata = subscription["metadata"]
        start, end = item["current_period_start"], item["current_period_end"]
        parent = _item_parent(subscription["id"], item["id"], None, None)
        every = f"{recurring['interval_count']} {recurring['interval']}s"
        rhythm = recurring["interval"] if recurring["interval_count"] == 1 else every
        amount = format_amount(price["unit_amount"], price["currency"], in_message=True)
        description = f"{quantity} × {line['description']} (at {amount} / {rhythm})"  # noqa: RUF001  # Stripe's own sign
        if subscription["status"] == "trialing" and end == subscription["trial_end"]:
            description = f"Trial period for {line['description']}"
    else:
        start = end = now
        parent = _invoice_item_parent(new_id("ii"), subscription_id)
        description = line["description"]
    return _line(
        invoice,
        {
            "amount": line["amount_subtotal"],
            "currency": line["currency"],
            "description": description,
            "discountable": True,
            "discounts": item["discounts"] if item else [],
            "metadata": metadata,
            "parent": parent,
            "period": {"end": end, "start": start},
            "pricing": build(
                "line_item.Pricing",
                {
                    "price_details": {"price": price["id"], "product": price["product"]},
                    "type": "price_details",
                    "unit_amount_decimal": price["unit_amount_decimal"],
                },
            ),
            "quantity": quantity,
            "subscription": subscription_id,
            "subtotal": line["amount_subtotal"],
        },
    )


def new_item_line(invoice: str, item: Object) -> Object:
    """The invoice's line for an invoice item."""
    details = (item["parent"] or {}).get("subscription_details") or {}
    subscription = details.get("subscription")
    return _line(
        invoice,
        {
            "amount": item["amount"],
            "currency": item["currency"],
            "description": item["description"],
            "discountable": item["discountable"],
            "discounts": item["discounts"],
            "metadata": item["metadata"],
            "parent": _proration_parent(item, details)
            if item["proration"]
            else _invoice_item_parent(item["id"], subscription),
            "period": item["period"],
            "pricing": item["pricing"],
            "quantity": item["quantity"],
            "subscription": subscription,
            "subtotal": item["amount"],
        },
    )


def _proration_parent(item: Object, details: Object) -> Object:
    credited = item["proration_details"]["credited_items"]
    return _item_parent(
        details["subscription"],
        details["subscription_item"],
        item["id"],
        credited and credited["invoice_line_item_details"],
    )


def _invoice_item_parent(item: str, subscription: str | None) -> Object:
    """The parent of a line that is an invoice item, for no period of a subscription."""
    return build(
        "line_item.Parent",
        {
            "invoice_item_details": build(
                "line_item.Parent.InvoiceItemDetails",
                {
                    "invoice_item": item,
                    "proration": False,
                    "proration_details": {"credited_items": None},
                    "subscription": subscription,
                },
            ),
            "type": "invoice_item_details",
        },
    )


def _item_parent(
    subscription: str, item: str, proration: str | None, credited: Object | None
) -> Object:
    """A line's parent: the subscription's item, and the proration of it that the line is."""
    return build(
        "line_item.Parent",
        {
            "subscription_item_details": build(
                "line_item.Parent.SubscriptionItemDetails",
                {
                    "invoice_item": proration,
                    "proration": proration is not None,
                    "proration_details": {"credited_items": credited},
                    "subscription": subscription,
                    "subscription_item": item,
                },
            ),
            "type": "subscription_item_details",
        },
    )


def _line(invoice: str, values: Object) -> Object:
    return build(
        "line_item",
        {
            "id": new_id("il"),
            "object": "line_item",
            "discount_amounts": [],
            "discounts": [],
            "invoice": invoice,
            "livemode": False,
            "pretax_credit_amounts": [],
            "quantity_decimal": str(values["quantity"]),
            "taxes": [],
            **values,
        },
    )


def apply_balance(total: int, balance: int, currency: str) -> tuple[int, int]:
    """What is due of an invoice's total, and the customer's balance after it: a credit (below zero)
    pays, a debt is paid with it, and what is too little to charge stays on the balance."""
    due = total + balance
    if due >= max(MINIMUM.get(currency, 0), 1):
        return due, 0
    return 0, due
