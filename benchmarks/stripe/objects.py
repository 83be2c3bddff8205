"""What belongs to a session of the history and is retrieved by its own id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.stripe.answers import PRICE_PRO, line_item, price, printed, subscription

if TYPE_CHECKING:
    from collections.abc import Callable

CREATED = 1_790_000_000


def retrieved(path: str) -> bytes | None:
    """The answer to ``GET`` of ``path``, or None for what this Stripe does not have."""
    kind, _, object_id = path.removeprefix("/v1/").rpartition("/")
    if kind.startswith("checkout/sessions/") and object_id == "line_items":
        number = int(kind[-20:])
        items = [line_item(number, CREATED)]
        return printed({"object": "list", "url": path, "has_more": False, "data": items})
    make = MADE.get(kind)
    digits = object_id.rpartition("_")[2]
    return printed(make(int(digits) if digits.isdigit() else 0, object_id)) if make else None


def customer(number: int, object_id: str) -> dict[str, Any]:
    return {
        "id": object_id,
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": CREATED,
        "currency": "usd",
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": f"buyer{number}@example.com",
        "invoice_prefix": f"{number:08d}",
        "invoice_settings": {"custom_fields": None, "default_payment_method": None, "footer": None},
        "livemode": False,
        "metadata": {},
        "name": "A Buyer",
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }


def product(_number: int, _object_id: str) -> dict[str, Any]:
    made: dict[str, Any] = price(PRICE_PRO, CREATED)["product"]
    return made


def invoice(number: int, object_id: str) -> dict[str, Any]:
    return {
        "id": object_id,
        "object": "invoice",
        "amount_due": 9900,
        "amount_paid": 9900,
        "amount_remaining": 0,
        "attempt_count": 1,
        "attempted": True,
        "auto_advance": False,
        "billing_reason": "subscription_create",
        "collection_method": "charge_automatically",
        "created": CREATED,
        "currency": "usd",
        "customer": f"cus_{number % 1000:014d}",
        "lines": {"object": "list", "data": [], "has_more": False},
        "livemode": False,
        "metadata": {},
        "number": f"B-{number}",
        "parent": {
            "type": "subscription_details",
            "quote_details": None,
            "subscription_details": {"metadata": {}, "subscription": f"sub_{number:024d}"},
        },
        "period_end": CREATED,
        "period_start": CREATED,
        "status": "paid",
        "subtotal": 9900,
        "total": 9900,
    }


MADE: dict[str, Callable[[int, str], dict[str, Any]]] = {
    "customers": customer,
    "invoices": invoice,
    "products": product,
    "subscriptions": lambda number, _id: subscription(number, CREATED),
}
